/* One S3 operation: URL, signature, retries, errors; for s3.c and its neighbours only. */
#ifndef NET_S3_REQUEST_H
#define NET_S3_REQUEST_H

#include "net/encode.h"
#include "net/http.h"
#include "net/s3.h"

#define S3_REPLY_MAX_BYTES (256u << 10)

struct s3_call {
	const char *method;
	const char *key;               /* NULL: the bucket */
	const char *query;             /* "" or encoded */
	const struct strlist *headers; /* NULL: none */
	const void *body;              /* as in struct http_request */
	int body_fd;
	uint64_t body_offset;
	uint64_t body_len;
	const char *payload_sha256_hex; /* NULL: of no bytes */
	int reply_fd;                   /* emptied before each try */
	uint64_t reply_max;
	bool xml_reply;      /* a 200 may hold an <Error> */
	bool conflict_final; /* a 409 is not retried */
	bool teardown;       /* clean-up: one try, short, not ended by a stop request */
	/* Judges a 2xx reply: 0, or -1 and *err, which is retried. May be NULL. */
	int (*check)(const struct http_reply *reply, void *data, struct error *err);
	void *check_data;
};
#define S3_CALL_INIT                                       \
	{                                                  \
		.query = "", .body_fd = -1, .reply_fd = -1 \
	}

/* Why a call failed, as far as callers act on it. */
struct s3_failure {
	long status;    /* of the last reply; 0: there was none */
	char code[64];  /* S3's error code; "" if none */
	bool too_large; /* the reply, for its bound */
	bool retried;   /* an earlier try may have been carried out */
};

/* 0 and *reply (2xx), or -1. failure may be NULL. */
int s3_call(struct s3 *s3, const struct s3_call *call, struct http_reply *reply, struct s3_failure *failure,
	    struct error *err);

/* A run of bytes: of memory, or of a file. */
struct s3_source {
	const char *data; /* or */
	int fd;           /* -1: data */
	uint64_t offset;
	uint64_t len;
};
int s3_sha256(const struct s3_source *source, unsigned char ret[SHA256_BYTES], struct error *err);

/* True in *ret if the object that is there has this checksum ("<base64>" or "<base64>-<parts>"), or, where the server
 * keeps none, these very bytes (source; NULL: do not compare). */
int s3_same_object(struct s3 *s3, const char *key, const char *checksum, const struct s3_source *source, bool *ret,
		   struct error *err);

/* Upload in parts; checksum and existence as s3_put_file. */
int s3_put_parts(struct s3 *s3, const char *key, const struct s3_source *source, enum s3_put_mode mode,
		 bool *ret_existed, struct error *err);

/* Checks the bytes of fd against the whole-object checksum in the reply's headers, if there is one. */
int s3_check_download(const struct http_reply *reply, int fd, struct error *err);

#endif
