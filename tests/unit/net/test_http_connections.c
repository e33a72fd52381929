/* Connections that are kept between requests. */
#include "check.h"
#include "double.h"
#include "net/s3.h"

static const char *const keys[] = { "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=canary-secret", NULL };

static int get(struct double_server *d, struct http_connections *connections, struct error *err)
{
	struct http_request rq = HTTP_REQUEST_INIT;
	CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(1024);
	rq.method = "GET";
	rq.url = d->url;
	rq.connections = connections;
	rq.ca_file = d->ca_file[0] ? d->ca_file : NULL;
	if (http_do(&rq, &reply, err) < 0)
		return -1;
	assert_int_equal(reply.status, 200);
	return 0;
}

/* True if requests a and b came over one connection. */
static bool same_connection(struct double_server *d, int a, int b)
{
	AUTO_FREE char *first = strdup(double_text(d, a, "client"));
	return strcmp(first, double_text(d, b, "client")) == 0;
}

static void kept_only_for_those_who_ask(void **state)
{
	(void)state;
	for (int tls = 0; tls <= 1; tls++) {
		CLEANUP(double_server) struct double_server d = { 0 };
		CLEANUP(http_connections) struct http_connections connections = { 0 };
		double_start(&d, "[{\"keep\": true}, {\"keep\": true}, {\"keep\": true}, {}]", tls);
		check_ok(get(&d, &connections, err));
		check_ok(get(&d, &connections, err));
		check_ok(get(&d, NULL, err));
		check_ok(get(&d, &connections, err));
		assert_true(same_connection(&d, 0, 1));
		assert_false(same_connection(&d, 1, 2));
		assert_true(same_connection(&d, 0, 3));
	}
}

static void one_that_the_server_closed_is_made_anew(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	CLEANUP(http_connections) struct http_connections connections = { 0 };
	double_start(&d, "[{\"keep\": \"drop\"}, {}]", false);
	check_ok(get(&d, &connections, err));
	check_ok(get(&d, &connections, err));
	assert_int_equal(double_count(&d), 2);
	assert_false(same_connection(&d, 0, 1));
}

static void uploads_share_one(void **state)
{
	(void)state;
	CLEANUP(double_server) struct double_server d = { 0 };
	double_start(&d, "[{\"keep\": true}, {\"keep\": true, \"status\": 503}, {\"keep\": true}, {}]", false);
	CLEANUP(s3)
	struct s3 s3 = { .bucket = "bucket",
			 .region = "us-west-2",
			 .endpoint = d.url,
			 .env = { .getenv = double_getenv, .data = (void *)keys },
			 .retry.unit_ns = 1 };
	check_ok(s3_put_bytes(&s3, "a", "x", 1, S3_OVERWRITE, NULL, err));
	check_ok(s3_put_bytes(&s3, "b", "y", 1, S3_OVERWRITE, NULL, err)); /* the second try */
	check_ok(s3_check_access(&s3, err));
	assert_int_equal(double_count(&d), 4);
	for (int i = 1; i < 4; i++)
		assert_true(same_connection(&d, 0, i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_only_for_those_who_ask),
		cmocka_unit_test(one_that_the_server_closed_is_made_anew),
		cmocka_unit_test(uploads_share_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
