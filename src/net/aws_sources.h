/* The sources of the credential chain; for aws_credentials.c and its neighbours only.
 *
 * Each returns AWS_FOUND and fills *ret; AWS_ABSENT when it is not configured, and appends why to *why; or -1 and *err
 * when it is configured and fails. */
#ifndef NET_AWS_SOURCES_H
#define NET_AWS_SOURCES_H

#include "net/aws.h"

enum aws_source_result { AWS_FOUND = 0, AWS_ABSENT = 1 };

int aws_from_environment(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
			 struct error *err);
int aws_from_web_identity(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
			  struct error *err);
int aws_from_shared_file(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
			 struct error *err);
int aws_from_container(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
		       struct error *err);
int aws_from_instance(const struct aws_environment *env, struct aws_credentials *ret, struct strbuf *why,
		      struct error *err);

/* A variable's value, or NULL when it is absent or empty. */
const char *aws_getenv(const struct aws_environment *env, const char *name);
/* Copies the three texts (token may be NULL or "") and checks that they can stand in a header. */
int aws_credentials_set(struct aws_credentials *ret, const char *id, const char *secret, const char *token,
			struct error *err);
/* Contents of a small secret file without white space at its end. *ret is owned; wipe it. */
int aws_read_secret(const char *path, char **ret, struct error *err);
void aws_wipe_free(char *secret);
/* strbuf_release that wipes. */
void aws_wipe_strbuf(struct strbuf *b);

/* Credentials from {"AccessKeyId": …, "SecretAccessKey": …, "Token": …, "Expiration": …}. Pure. */
int aws_parse_json_credentials(const char *json, size_t len, struct aws_credentials *ret, struct error *err);
/* The same of STS's AssumeRoleWithWebIdentity reply. Pure. */
int aws_parse_sts_credentials(const char *xml, size_t len, struct aws_credentials *ret, struct error *err);
/* The three keys of a profile in a shared credentials file; AWS_ABSENT when there is no such profile. Pure. */
int aws_parse_shared_file(char *text, const char *profile, struct aws_credentials *ret, struct error *err);

#endif
