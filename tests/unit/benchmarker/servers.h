/* Real servers for tests: a folder of its own, removed afterwards with everything that was started. */
#ifndef TESTS_SERVERS_H
#define TESTS_SERVERS_H

#include "base/fs.h"
#include "benchmarker/server.h"
#include "check.h"

#include <sys/stat.h>

/* Open to all, so that a server which root starts as another user can enter. Owned. */
static inline char *make_server_dir(void)
{
	struct error err = ERROR_INIT;
	char *dir = fs_make_temp_dir("dbdyno-test", &err);
	if (!dir || chmod(dir, 0755) < 0)
		fail_msg("%s", err.message);
	return dir;
}

/* The folder is gone and so is every process. */
static inline void remove_server_dir(const char *dir)
{
	check_ok(fs_remove_tree(dir, err));
	assert_int_equal(proc_kill_stragglers(), 0);
}

/* A shipped engine and its program; skips the test, saying why, where the program is absent. exec is owned. */
#define find_server_or_skip(engine_name, e, exec)                                       \
	do {                                                                            \
		struct error find_err = ERROR_INIT;                                     \
		check_ok(engine_find(engine_name, e, err));                             \
		*(exec) = server_find_exec(e, NULL, &find_err);                         \
		if (!*(exec)) {                                                         \
			print_message("%s: skipped: %s\n", __func__, find_err.message); \
			engine_release(e);                                              \
			skip();                                                         \
		}                                                                       \
	} while (0)

#endif
