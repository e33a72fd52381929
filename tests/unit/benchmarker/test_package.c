#include "benchmarker/package.h"

#include "base/fs.h"
#include "base/stop.h"
#include "check.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

static char *root;

static int set_up(void **state)
{
	(void)state;
	root = fs_make_temp_dir("test-package", NULL);
	if (!root || chdir(root) < 0)
		return -1;
	check_ok(fs_mkdirs("a", 0755, err));
	check_ok(fs_mkdirs("b", 0755, err));
	for (const char *dir = "ab"; *dir; dir++) {
		char program[32], licenses[32];
		snprintf(program, sizeof program, "%c/program", *dir);
		snprintf(licenses, sizeof licenses, "%c/licenses", *dir);
		check_ok(fs_write_atomic(program, "a program", 9, *dir == 'a' ? 0700 : 0644, err));
		check_ok(fs_write_atomic(licenses, "use it", 6, 0600, err));
	}
	struct utimbuf other = { 1000000, 1000000 }; /* its own time must not get into the archive */
	return utime("b/program", &other);
}

static int tear_down(void **state)
{
	(void)state;
	int failed = chdir("/") < 0 || fs_remove_tree(root, NULL);
	free(root);
	return failed;
}

static struct package package_of(const char *binary, const char *licenses)
{
	return (struct package){
		.folder = "x-linux-amd64",
		.binary = binary,
		.binary_name = "x",
		.licenses = licenses,
		.licenses_name = "LICENSES",
		.mtime = 1767225600,
	};
}

static void hash(const char *path, char hex[static 65])
{
	check_ok(fs_sha256(path, hex, err));
}

static void names_of_kinds(void **state)
{
	(void)state;
	enum package_kind kind;
	static const char *const names[] = { "tar.gz", "zip", "7z" };
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(package_kind_of(names[i], &kind), 0);
		check_str(package_extension(kind), names[i]);
	}
	assert_int_equal(package_kind_of("rar", &kind), -1);
	assert_int_equal(package_kind_of("", &kind), -1);
}

/* Folder, mode, time, time zone and user of the files make no difference. */
static void same_input_gives_the_same_bytes(void **state)
{
	(void)state;
	for (enum package_kind kind = PACKAGE_TAR_GZ; kind <= PACKAGE_7Z; kind++) {
		char first[65], second[65];
		struct package p = package_of("a/program", "a/licenses");
		setenv("TZ", "America/New_York", 1);
		check_ok(package_write("first", kind, &p, err));
		check_str(getenv("TZ"), "America/New_York");
		setenv("TZ", "Asia/Tokyo", 1);
		p = package_of("b/program", "b/licenses");
		check_ok(package_write("second", kind, &p, err));
		unsetenv("TZ");
		hash("first", first);
		hash("second", second);
		check_str(second, first);
		struct stat st;
		assert_int_equal(stat("first", &st), 0);
		assert_int_equal(st.st_mode & 07777, 0644);
		p.mtime += 2;
		check_ok(package_write("second", kind, &p, err));
		assert_null(getenv("TZ"));
		hash("second", second);
		assert_string_not_equal(second, first);
	}
}

static void gzip_header_has_no_time(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(1 << 20);
	struct package p = package_of("a/program", NULL);
	check_ok(package_write("x.tar.gz", PACKAGE_TAR_GZ, &p, err));
	check_ok(fs_read("x.tar.gz", &bytes, err));
	assert_memory_equal(bytes.data, "\x1f\x8b\x08\x00\x00\x00\x00\x00", 8);
}

static void failures_leave_nothing(void **state)
{
	(void)state;
	struct package p = package_of("absent", NULL);
	check_fails(package_write("failed.zip", PACKAGE_ZIP, &p, err), ERROR_INTERNAL, "write failed.zip: open absent");
	assert_false(fs_exists("failed.zip"));
	p = package_of("a/program", NULL);
	check_fails(package_write("no/folder.zip", PACKAGE_ZIP, &p, err), ERROR_INTERNAL, "no/folder.zip");
	check_ok(fs_mkdirs("in-the-way.zip/x", 0755, err));
	check_fails(package_write("in-the-way.zip", PACKAGE_ZIP, &p, err), ERROR_INTERNAL, "in-the-way.zip");
	assert_false(fs_exists("no"));
	check_ok(fs_remove_tree("in-the-way.zip", err));
}

static void sums_are_sorted(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist names = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(4096);
	strlist_add(&names, "program");
	strlist_add(&names, "licenses");
	check_ok(package_write_sums("a", &names, err));
	check_ok(fs_read("a/SHA256SUMS", &text, err));
	check_str(text.data, "f61f511864f01b2960bec3ccbdd607a6c065c049a9ae05d469629c65fb41a2d3  licenses\n"
			     "d69ea8cda2433733c1ce02de65da8f48e6a3dbba6bb18876a2062908e54ef7cb  program\n");
	strlist_add(&names, "absent");
	check_fails(package_write_sums("b", &names, err), ERROR_INTERNAL, "absent");
	assert_false(fs_exists("b/SHA256SUMS"));
}

/* The last test: a stop request stays for the rest of the process. */
static void stop_request_leaves_nothing(void **state)
{
	(void)state;
	struct package p = package_of("a/program", NULL);
	check_ok(stop_install(err));
	raise(SIGTERM);
	check_fails(package_write("stopped.zip", PACKAGE_ZIP, &p, err), ERROR_INTERRUPTED, "SIGTERM");
	assert_false(fs_exists("stopped.zip"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_kinds),          cmocka_unit_test(same_input_gives_the_same_bytes),
		cmocka_unit_test(gzip_header_has_no_time), cmocka_unit_test(failures_leave_nothing),
		cmocka_unit_test(sums_are_sorted),         cmocka_unit_test(stop_request_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
