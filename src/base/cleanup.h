/* Scope-bound ownership.
 *
 *     CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(64 << 10);   // released on every way out
 *     AUTO_FREE char *copy = strdup(name);
 *     AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
 *     return TAKE(copy);                                         // explicit transfer to the caller
 *
 * CLEANUP(S) calls S_release(struct S *); every _release accepts a zeroed struct and leaves one behind.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(S) __attribute__((cleanup(S##_release)))
#define AUTO_FREE __attribute__((cleanup(cleanup_free)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_close)))
#define AUTO_FCLOSE __attribute__((cleanup(cleanup_fclose)))

/* Value of pointer p, which is NULL afterwards: its cleanup then does nothing. */
#define TAKE(p)                            \
	({                                 \
		__typeof__(p) take_ = (p); \
		(p) = NULL;                \
		take_;                     \
	})

/* The same for a file descriptor, which is -1 afterwards. */
#define TAKE_FD(fd)               \
	({                        \
		int take_ = (fd); \
		(fd) = -1;        \
		take_;            \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

#endif
