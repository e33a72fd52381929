/* Where profiles come from and go to: files, standard input and output, S3.
 *
 *     CLEANUP(profile_store) struct profile_store store = { .region = …, .endpoint = …, .ca_file = … };
 *     CLEANUP(pprof) struct pprof p = PPROF_INIT;
 *     profile_store_read(&store, "cpu.pprof", &p, err)             // or "-", or "s3://bucket/key"
 *     profile_store_write(&store, &p, "s3://bucket/sum.pprof", err) // or a file, or "-"
 *
 * A file appears under its name only when it is whole. Errors: ERROR_USAGE for a name that cannot be one, at which
 * nothing is, and for what is no profile, with the reason; ERROR_PUBLISH from S3; ERROR_INTERNAL.
 */
#ifndef SRC_PROFILE_STORE_H
#define SRC_PROFILE_STORE_H

#include "base/opt.h"
#include "net/s3.h"
#include "profiler/pprof.h"

struct profile_store {
	char *region, *endpoint, *ca_file; /* options: see PROFILE_STORE_OPTIONS; NULL: environment */
	struct s3 s3;                      /* of the bucket that was used last; so that its connection serves again */
	char *bucket;
	bool stdin_read;
};
void profile_store_release(struct profile_store *s); /* not the options */

/* Rows of a command's table; `member` is the struct profile_store in its options. */
#define PROFILE_STORE_OPTIONS(S, member)                                                       \
	{ "region",                                                                            \
	  OPT_STRING,                                                                          \
	  offsetof(struct S, member.region),                                                   \
	  .value = "NAME",                                                                     \
	  .env = "AWS_REGION",                                                                 \
	  .group = "S3",                                                                       \
	  .help = "region of the buckets" },                                                   \
		{ "endpoint", OPT_STRING, offsetof(struct S, member.endpoint), .value = "URL", \
		  .help = "S3 server of your own (path style)" },                              \
	{                                                                                      \
		"ca-file", OPT_STRING, offsetof(struct S, member.ca_file),                     \
			.value = "FILE", .help = "further certificate authorities (PEM)"       \
	}

/* True for s3://… */
bool profile_store_is_s3(const char *name);
/* The connection for a bucket; belongs to s. NULL and *err without memory. */
struct s3 *profile_store_s3(struct profile_store *s, const char *bucket, struct error *err);

int profile_store_read(struct profile_store *s, const char *name, struct pprof *ret, struct error *err);
/* Gzip. *ret_bytes (may be NULL): how many were written. */
int profile_store_write(struct profile_store *s, const struct pprof *p, const char *name, size_t *ret_bytes,
			struct error *err);

/* Which objects under a prefix: their names end in .pprof, .prof or .pb.gz; a run's profiles/… are left out where its
 * profile.pprof is there, which is their sum. */
struct profile_choice {
	size_t last;         /* the newest so many; 0: all */
	uint64_t max_age_ns; /* written within that time; 0: whenever */
	int64_t now_unix;
};
/* Pure: the keys to take, in their order. l->times must be what decode_rfc3339 reads. */
int profile_choose(const struct s3_listing *l, const struct profile_choice *choice, struct strlist *ret,
		   struct error *err);
/* Names of the profiles under "s3://bucket/prefix/". None is ERROR_USAGE; so are more than PROFILE_STORE_MAX_OBJECTS
 * objects (ERROR_PUBLISH). */
int profile_store_list(struct profile_store *s, const char *prefix, const struct profile_choice *choice,
		       struct strlist *ret, struct error *err);
#define PROFILE_STORE_MAX_OBJECTS 100000

#endif
