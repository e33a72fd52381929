/* S3 against a real server that checks every signature: versitygw on a folder, built by tests/tools/versitygw.sh. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "check.h"
#include "double.h"
#include "net/http.h"
#include "net/s3.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

#define MIB (1 << 20)
#define MAX (1ULL << 30)
#define BUILD_LIMIT (1200 * NS_PER_SECOND)
#define START_LIMIT (60 * NS_PER_SECOND)

extern char **environ;

struct gateway {
	struct proc proc;
	char *folder;
	char url[64];
};
static struct gateway gateway = { .proc = PROC_INIT };

static const char *const keys[] = { "AWS_ACCESS_KEY_ID=tester", "AWS_SECRET_ACCESS_KEY=se/cr+et", NULL };

static struct s3 client(void)
{
	return (struct s3){ .bucket = "results",
			    .region = "us-east-1",
			    .endpoint = gateway.url,
			    .env = { .getenv = double_getenv, .data = (void *)keys },
			    .retry.unit_ns = NS_PER_MS };
}

/* Path of the server's program; owned. */
static char *program(void)
{
	const char *argv[] = { "/bin/sh", TOOLS "/versitygw.sh", NULL };
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = argv;
	spec.env = (const char *const *)environ; /* Go's settings */
	struct strbuf out = STRBUF_INIT(4096);
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(65536);
	check_ok(proc_run(&spec, BUILD_LIMIT, &out, &tail, err));
	out.data[strcspn(out.data, "\n")] = 0;
	return strbuf_take(&out, NULL);
}

static int free_port(void)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

/* True once the server answers; false when it has ended (its port was taken meanwhile). */
static bool is_ready(struct gateway *g)
{
	uint64_t deadline = clock_deadline(START_LIMIT);
	struct http_request rq = HTTP_REQUEST_INIT;
	rq.method = "GET";
	rq.url = g->url;
	while (clock_left_ms(deadline) > 0) {
		CLEANUP(http_reply) struct http_reply reply = HTTP_REPLY_INIT(65536);
		struct proc_exit ended;
		if (http_do(&rq, &reply, NULL) == 0)
			return true;
		if (proc_wait(&g->proc, clock_deadline(20 * NS_PER_MS), &ended, NULL) == 0)
			return false;
	}
	fail_msg("versitygw does not answer");
	return false;
}

static int start(void **state)
{
	(void)state;
	AUTO_FREE char *path = program();
	struct error e = ERROR_INIT;
	gateway.folder = fs_make_temp_dir("dbdyno-s3", &e);
	AUTO_FREE char *bucket = str_printf(&e, "%s/results", gateway.folder);
	check_ok(fs_mkdirs(bucket, 0700, err));
	for (int attempt = 0; attempt < 5; attempt++) {
		char port[32];
		snprintf(port, sizeof port, "127.0.0.1:%d", free_port());
		snprintf(gateway.url, sizeof gateway.url, "http://%s", port);
		const char *argv[] = { path, "--port", port, "--quiet", "posix", gateway.folder, NULL };
		const char *env[] = { "ROOT_ACCESS_KEY=tester", "ROOT_SECRET_KEY=se/cr+et", "HOME=/nowhere", NULL };
		struct proc_spec spec = PROC_SPEC_INIT;
		spec.argv = argv;
		spec.env = env;
		check_ok(proc_start(&gateway.proc, &spec, err));
		if (is_ready(&gateway))
			return 0;
	}
	return -1;
}

static int stop(void **state)
{
	(void)state;
	proc_release(&gateway.proc);
	fs_remove_tree(gateway.folder, NULL);
	free(gateway.folder);
	return 0;
}

/* Path of a file beside the buckets; owned. */
static char *local_file(const char *name)
{
	return str_printf(NULL, "%s/%s", gateway.folder, name);
}

static void expect_object(struct s3 *s3, const char *key, const char *data)
{
	AUTO_FREE char *path = local_file("got");
	CLEANUP(strbuf) struct strbuf got = STRBUF_INIT(65536);
	check_ok(s3_get_file(s3, key, path, MAX, NULL, err));
	check_ok(fs_read(path, &got, err));
	check_str(got.data, data);
}

static void odd_keys(void **state)
{
	(void)state;
	char longest[1025];
	memset(longest, 'k', sizeof longest);
	for (size_t i = 200; i < 1024; i += 200)
		longest[i] = '/'; /* the server's file system takes 255 bytes a name */
	longest[1024] = 0;
	const char *const names[] = {
		"plain", "with space",   "a+b=c%d&e?f#g", "percent%20%2F%", "sub//folder",
		"é/ü 😀", "!*'();:@$,[]", "~-._",          "dots.../..x",    "2026/11/22/run/results.db",
		longest
	};
	CLEANUP(s3) struct s3 s3 = client();
	check_ok(s3_check_access(&s3, err));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char data[32];
		snprintf(data, sizeof data, "content %zu", i);
		check_ok(s3_put_bytes(&s3, names[i], data, strlen(data), S3_OVERWRITE, NULL, err));
		expect_object(&s3, names[i], data);
		AUTO_FREE char *stored = str_printf(NULL, "%s/results/%s", gateway.folder, names[i]);
		assert_true(fs_exists(stored)); /* under this very name */
	}
}

static void empty_and_overwritten(void **state)
{
	(void)state;
	CLEANUP(s3) struct s3 s3 = client();
	check_ok(s3_put_bytes(&s3, "o", "", 0, S3_OVERWRITE, NULL, err));
	expect_object(&s3, "o", "");
	check_ok(s3_put_bytes(&s3, "o", "new", 3, S3_OVERWRITE, NULL, err));
	expect_object(&s3, "o", "new");
}

static void only_if_absent(void **state)
{
	(void)state;
	CLEANUP(s3) struct s3 s3 = client();
	bool existed = true;
	check_ok(s3_put_bytes(&s3, "lease", "mine", 4, S3_IF_ABSENT, &existed, err));
	assert_false(existed);
	check_ok(s3_put_bytes(&s3, "lease", "other", 5, S3_IF_ABSENT, &existed, err));
	assert_true(existed);
	expect_object(&s3, "lease", "mine");
	check_ok(s3_put_bytes(&s3, "lease", "mine", 4, S3_IF_ABSENT, &existed, err)); /* as after a lost 200 */
	assert_false(existed);
}

static void missing(void **state)
{
	(void)state;
	CLEANUP(s3) struct s3 s3 = client();
	AUTO_FREE char *path = local_file("got-missing");
	enum s3_absence absence = S3_NOT_ABSENT;
	check_fails(s3_get_file(&s3, "nothing", path, MAX, &absence, err), ERROR_PUBLISH, "404 NoSuchKey");
	assert_int_equal(absence, S3_MISSING);
	assert_false(fs_exists(path));
	s3.bucket = "no-such-bucket";
	check_fails(s3_check_access(&s3, err), ERROR_PUBLISH, "no-such-bucket does not exist");
	check_fails(s3_put_bytes(&s3, "k", "", 0, S3_OVERWRITE, NULL, err), ERROR_PUBLISH, "404 NoSuchBucket");
	check_fails(s3_get_file(&s3, "k", path, MAX, &absence, err), ERROR_PUBLISH, "404 NoSuchBucket");
	assert_int_equal(absence, S3_NOT_ABSENT);
}

static void a_wrong_secret_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = { "AWS_ACCESS_KEY_ID=tester", "AWS_SECRET_ACCESS_KEY=canary", NULL };
	static const char *const unknown[] = { "AWS_ACCESS_KEY_ID=nobody", "AWS_SECRET_ACCESS_KEY=canary", NULL };
	CLEANUP(s3) struct s3 s3 = client();
	s3.env.data = (void *)wrong;
	struct error e = ERROR_INIT;
	assert_int_equal(s3_put_bytes(&s3, "k", "x", 1, S3_OVERWRITE, NULL, &e), -1);
	check_contains(e.message, "403 SignatureDoesNotMatch");
	check_str(e.hint, "the credentials come from: environment");
	assert_null(strstr(e.message, "canary"));
	check_fails(s3_check_access(&s3, err), ERROR_PUBLISH, "HEAD s3://results: 403");
	CLEANUP(s3) struct s3 stranger = client();
	stranger.env.data = (void *)unknown;
	check_fails(s3_put_bytes(&stranger, "k", "x", 1, S3_OVERWRITE, NULL, err), ERROR_PUBLISH, "access key ID");
}

static void too_large_for_the_caller(void **state)
{
	(void)state;
	CLEANUP(s3) struct s3 s3 = client();
	AUTO_FREE char *path = local_file("got-large");
	check_ok(s3_put_bytes(&s3, "ten", "0123456789", 10, S3_OVERWRITE, NULL, err));
	check_ok(s3_get_file(&s3, "ten", path, 10, NULL, err));
	check_fails(s3_get_file(&s3, "ten", path, 9, NULL, err), ERROR_PUBLISH, "larger than its limit");
}

/* Writes size bytes that are not alike from block to block. */
static void make_file(const char *path, uint64_t size)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	AUTO_FREE char *block = malloc(MIB);
	for (uint64_t done = 0; done < size; done += MIB) {
		memset(block, (int)(done / MIB), MIB);
		size_t n = size - done < MIB ? (size_t)(size - done) : MIB;
		assert_int_equal(write(fd, block, n), n);
	}
}

static void expect_same_files(const char *a, const char *b)
{
	char hash_a[65], hash_b[65];
	check_ok(fs_sha256(a, hash_a, err));
	check_ok(fs_sha256(b, hash_b, err));
	check_str(hash_a, hash_b);
}

static void large_files(void **state)
{
	(void)state;
	static const uint64_t sizes[] = { 64ULL * MIB, 64ULL * MIB + 1, 80ULL * MIB + 12345 };
	CLEANUP(s3) struct s3 s3 = client();
	AUTO_FREE char *from = local_file("from"), *to = local_file("to");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		make_file(from, sizes[i]);
		check_ok(s3_put_file(&s3, "large file", from, S3_OVERWRITE, NULL, err));
		check_ok(s3_get_file(&s3, "large file", to, MAX, NULL, err));
		expect_same_files(from, to);
	}
	bool existed = true; /* the last of them is there: ours by its checksum */
	check_ok(s3_put_file(&s3, "large file", from, S3_IF_ABSENT, &existed, err));
	assert_false(existed);
	make_file(from, sizes[1]);
	check_ok(s3_put_file(&s3, "large file", from, S3_IF_ABSENT, &existed, err));
	assert_true(existed);
}

static void objects_are_listed(void **state)
{
	(void)state;
	CLEANUP(s3) struct s3 s3 = client();
	CLEANUP(strlist) struct strlist found = STRLIST_INIT;
	for (int i = 0; i < 1005; i++) { /* more than a page */
		AUTO_FREE char *path =
			str_printf(NULL, "%s/results/list/%04d %s", gateway.folder, i, i == 7 ? "é&+" : "x");
		if (i == 0) {
			AUTO_FREE char *folder = str_printf(NULL, "%s/results/list", gateway.folder);
			check_ok(fs_mkdirs(folder, 0700, err));
		}
		AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
	}
	check_ok(s3_list(&s3, "list/", 2000, &found, err));
	assert_int_equal(found.len, 1005);
	check_str(found.items[7], "list/0007 é&+");
	check_str(found.items[1004], "list/1004 x");
	check_ok(s3_list(&s3, "list/0", 2000, &found, err));
	assert_int_equal(found.len, 2005);
	check_ok(s3_list(&s3, "nothing/", 2000, &found, err));
	assert_int_equal(found.len, 2005);
	check_fails(s3_list(&s3, "list/", 1004, &found, err), ERROR_PUBLISH, "more than 1004 objects");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_listed),
		cmocka_unit_test(odd_keys),
		cmocka_unit_test(empty_and_overwritten),
		cmocka_unit_test(only_if_absent),
		cmocka_unit_test(missing),
		cmocka_unit_test(a_wrong_secret_is_refused),
		cmocka_unit_test(too_large_for_the_caller),
		cmocka_unit_test(large_files),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
