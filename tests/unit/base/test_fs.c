#include "check.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/stop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *room; /* each test's own folder, and its working directory */

static int enter_room(void **state)
{
	(void)state;
	struct error err = ERROR_INIT;
	room = fs_make_temp_dir("test-fs", &err);
	return room && chdir(room) == 0 ? 0 : -1;
}

static int leave_room(void **state)
{
	(void)state;
	struct error err = ERROR_INIT;
	int r = chdir("/") == 0 && fs_remove_tree(room, &err) == 0 && !fs_exists(room) ? 0 : -1;
	free(room);
	return r;
}

static void put(const char *path, const char *text)
{
	check_ok(fs_write_atomic(path, text, strlen(text), 0644, err));
}

static void check_holds(const char *path, const char *text)
{
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	check_ok(fs_read(path, &b, err));
	check_str(b.data, text);
}

static unsigned entries(const char *path)
{
	DIR *dir = opendir(path);
	assert_non_null(dir);
	unsigned n = 0;
	for (struct dirent *e; (e = readdir(dir));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(dir);
	return n;
}

/* Runs body as somebody whom modes apply to (root may do everything); 0 when it returned true. */
static int as_nobody(bool (*body)(void))
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bool changed = geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
		_exit(changed && body() ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void write_makes_the_file_whole(void **state)
{
	(void)state;
	check_ok(fs_write_atomic("a", "one\n", 4, 0640, err));
	check_holds("a", "one\n");
	struct stat st;
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	check_ok(fs_write_atomic("a", "", 0, 0600, err));
	check_holds("a", "");
	assert_int_equal(entries("."), 1);
}

static void write_takes_long_names_and_absolute_paths(void **state)
{
	(void)state;
	char name[NAME_MAX + 1];
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = 0;
	put(name, "x");
	check_holds(name, "x");
	struct error err = ERROR_INIT;
	char *path = str_printf(&err, "%s/abs", room);
	put(path, "y");
	check_holds("abs", "y");
	free(path);
}

static void write_that_fails_leaves_nothing(void **state)
{
	(void)state;
	check_fails(fs_write_atomic("absent/a", "x", 1, 0600, err), ERROR_INTERNAL, "absent/a: No such file");
	check_ok(fs_mkdirs("folder/inside", 0700, err));
	check_fails(fs_write_atomic("folder", "x", 1, 0600, err), ERROR_INTERNAL, "write folder: ");
	assert_int_equal(entries("."), 1);
	assert_int_equal(entries("folder"), 1);
}

static bool write_into_read_only(void)
{
	struct error err = ERROR_INIT;
	return fs_write_atomic("sealed/a", "new", 3, 0600, &err) == -1 && strstr(err.message, "Permission denied") &&
	       strstr(err.hint, "check owner and mode") && fs_copy_atomic("b", "sealed/a", 0600, &err) == -1 &&
	       fs_mkdirs("sealed/x/y", 0700, &err) == -1 && strstr(err.message, "make folder sealed/x: Permission");
}

static void read_only_folder_is_clear(void **state)
{
	(void)state;
	check_ok(fs_mkdirs("sealed", 0755, err));
	put("sealed/a", "old");
	put("b", "b");
	assert_int_equal(chmod("sealed", 0555), 0);
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(as_nobody(write_into_read_only), 0);
	check_holds("sealed/a", "old");
	assert_int_equal(entries("sealed"), 1);
}

/* A tmpfs on "disk"; the test is skipped, saying why, where nobody lets us mount one. */
static void mount_disk(const char *options, unsigned long flags)
{
	check_ok(fs_mkdirs("disk", 0700, err));
	if (mount("none", "disk", "tmpfs", flags, options) < 0) {
		print_message("skipped: a tmpfs cannot be mounted here: %s\n", strerror(errno));
		skip();
	}
}

static int leave_disk(void **state)
{
	umount2("disk", MNT_DETACH);
	return leave_room(state);
}

static void full_disk_leaves_no_half_file(void **state)
{
	(void)state;
	mount_disk("size=64k,mode=0700", 0);
	static char big[100000];
	put("disk/a", "old");
	check_fails(fs_write_atomic("disk/a", big, sizeof big, 0600, err), ERROR_INTERNAL, "No space left");
	check_fails(fs_write_atomic("disk/b", big, sizeof big, 0600, err), ERROR_INTERNAL, "write disk/b: ");
	check_ok(fs_write_atomic("big", big, sizeof big, 0600, err));
	check_fails(fs_copy_atomic("big", "disk/a", 0600, err), ERROR_INTERNAL, "disk/a: No space left");
	struct error err = ERROR_INIT;
	fs_write_atomic("disk/b", big, sizeof big, 0600, &err);
	check_contains(err.hint, "disk is full");
	check_holds("disk/a", "old");
	assert_int_equal(entries("disk"), 1);
}

static void no_inode_left_is_clear(void **state)
{
	(void)state;
	mount_disk("size=64k,nr_inodes=2,mode=0700", 0);
	put("disk/a", "old");
	check_fails(fs_write_atomic("disk/a", "new", 3, 0600, err), ERROR_INTERNAL, "No space left");
	check_fails(fs_mkdirs("disk/x", 0700, err), ERROR_INTERNAL, "make folder disk/x: No space left");
	check_holds("disk/a", "old");
}

static void read_only_file_system_is_clear(void **state)
{
	(void)state;
	mount_disk("size=64k", MS_RDONLY);
	struct error e = ERROR_INIT;
	assert_int_equal(fs_write_atomic("disk/a", "x", 1, 0600, &e), -1);
	check_contains(e.message, "write disk/a: Read-only file system");
	check_contains(e.hint, "read-only");
	int fd = -1;
	check_fails(fs_lock("disk/lock", 0, &fd, err), ERROR_INTERNAL, "Read-only file system");
}

static void commit_across_devices_fails_clean(void **state)
{
	(void)state;
	mount_disk("size=64k,mode=0700", 0);
	put("tmp", "x");
	check_fails(fs_commit("tmp", "disk/a", err), ERROR_INTERNAL, "disk/a: Invalid cross-device link");
	assert_false(fs_exists("tmp"));
	assert_int_equal(entries("disk"), 0);
}

static void tree_with_a_mount_keeps_what_is_mounted(void **state)
{
	(void)state;
	mount_disk("size=64k,mode=0700", 0);
	put("disk/precious", "x");
	check_fails(fs_remove_tree(room, err), ERROR_INTERNAL, "disk: Invalid cross-device link");
	check_holds("disk/precious", "x");
}

static void commit_gives_the_final_name(void **state)
{
	(void)state;
	put("tmp", "new");
	put("a", "old");
	check_ok(fs_commit("tmp", "a", err));
	check_holds("a", "new");
	assert_int_equal(entries("."), 1);
	check_fails(fs_commit("absent", "a", err), ERROR_INTERNAL, "open absent: No such file");
	put("tmp", "x");
	check_fails(fs_commit("tmp", "no/a", err), ERROR_INTERNAL, "write no/a");
	assert_int_equal(entries("."), 1);
}

static void copy_is_the_same(void **state)
{
	(void)state;
	size_t len = 300000;
	char *data = malloc(len);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 7 + i / 251);
	check_ok(fs_write_atomic("a", data, len, 0600, err));
	check_ok(fs_copy_atomic("a", "b", 0755, err));
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	check_ok(fs_read("b", &b, err));
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, data, len);
	free(data);
	assert_true(fs_is_executable("b"));
	put("empty", "");
	check_ok(fs_append("a", "logs", 0600, err));
	check_ok(fs_append("a", "logs", 0600, err));
	CLEANUP(strbuf) struct strbuf once = STRBUF_INIT(1 << 20), twice = STRBUF_INIT(1 << 20);
	check_ok(fs_read("a", &once, err));
	check_ok(fs_read("logs", &twice, err));
	assert_int_equal(twice.len, 2 * once.len);
	assert_memory_equal(twice.data + once.len, once.data, once.len);
	check_fails(fs_append("no", "logs", 0600, err), ERROR_INTERNAL, "no");
	check_fails(fs_append("a", "no/logs", 0600, err), ERROR_INTERNAL, "open no/logs");
	check_ok(fs_copy_atomic("empty", "c", 0600, err));
	check_holds("c", "");
	check_ok(fs_copy_atomic("/proc/self/comm", "d", 0600, err)); /* says it has 0 bytes */
	check_holds("d", "test_fs\n");
}

static void copy_refuses_what_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	check_fails(fs_copy_atomic("pipe", "b", 0600, err), ERROR_INTERNAL, "pipe: not a regular file");
	check_fails(fs_copy_atomic("/dev/zero", "b", 0600, err), ERROR_INTERNAL, "not a regular file");
	check_fails(fs_copy_atomic(".", "b", 0600, err), ERROR_INTERNAL, "not a regular file");
	check_fails(fs_copy_atomic("absent", "b", 0600, err), ERROR_INTERNAL, "read absent: No such file");
	assert_int_equal(entries("."), 1);
}

static void read_is_bounded(void **state)
{
	(void)state;
	put("a", "12345");
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(9);
	strbuf_adds(&b, "head");
	check_ok(fs_read("a", &b, err)); /* exactly fits */
	check_str(b.data, "head12345");
	strbuf_reset(&b);
	strbuf_adds(&b, "heads");
	check_fails(fs_read("a", &b, err), ERROR_INTERNAL, "read a: larger than the limit of 9 bytes");
	check_str(b.data, "heads");
	CLEANUP(strbuf) struct strbuf endless = STRBUF_INIT(200000);
	check_fails(fs_read("/dev/zero", &endless, err), ERROR_INTERNAL, "larger than the limit");
	assert_int_equal(endless.len, 0);
	check_fails(fs_read("absent", &b, err), ERROR_INTERNAL, "read absent: No such file");
	check_fails(fs_read(".", &b, err), ERROR_INTERNAL, "read .: Is a directory");
}

static void read_takes_pipes_and_files_without_size(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "secret", 6), 6);
	close(fds[1]);
	struct error err = ERROR_INIT;
	char *path = str_printf(&err, "/proc/self/fd/%d", fds[0]);
	/* Opened anew, and nobody writes any more: what is in it, then its end. */
	check_holds(path, "secret");
	free(path);
	close(fds[0]);
	check_holds("/proc/self/comm", "test_fs\n");
}

static bool interrupted_read(void)
{
	struct error err = ERROR_INIT;
	CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(100);
	if (stop_install(&err) < 0 || mkfifo("pipe", 0600) < 0)
		return false;
	AUTO_CLOSE int writer = open("pipe", O_RDWR); /* so that a read waits */
	if (writer < 0)
		return false;
	raise(SIGTERM);
	int fd = -1;
	AUTO_CLOSE int held = -1;
	if (writer < 0 || fs_read("pipe", &b, &err) != -1 || err.kind != ERROR_INTERRUPTED || err.signal != SIGTERM)
		return false;
	if (fs_lock("lock", 0, &held, &err) != 0)
		return false;
	if (fs_lock("lock", CLOCK_FOREVER, &fd, &err) != -1 || err.kind != ERROR_INTERRUPTED)
		return false;
	/* Teardown goes on. */
	return fs_write_atomic("a", "x", 1, 0600, &err) == 0 && fs_read("a", &b, &err) == 0;
}

static void stop_requests_end_waits_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(chmod(".", 0777), 0);
	assert_int_equal(as_nobody(interrupted_read), 0);
}

static void mkdirs_makes_what_is_missing(void **state)
{
	(void)state;
	check_ok(fs_mkdirs("a/b//c/", 0750, err));
	assert_true(fs_is_dir("a/b/c"));
	check_ok(fs_mkdirs("a/b/c", 0700, err));
	assert_int_equal(symlink("a", "link"), 0);
	check_ok(fs_mkdirs("link/d", 0700, err));
	assert_true(fs_is_dir("a/d"));
	check_ok(fs_mkdirs("/", 0700, err));
	struct stat st;
	assert_int_equal(stat("a/d", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	put("file", "");
	check_fails(fs_mkdirs("file", 0700, err), ERROR_INTERNAL, "make folder file: Not a directory");
	check_fails(fs_mkdirs("file/x", 0700, err), ERROR_INTERNAL, "Not a directory");
	check_fails(fs_mkdirs("", 0700, err), ERROR_INTERNAL, "No such file");
}

static void remove_tree_stays_inside(void **state)
{
	(void)state;
	check_ok(fs_mkdirs("outside/kept", 0700, err));
	put("outside/file", "x");
	check_ok(fs_mkdirs("tree/a/b", 0700, err));
	put("tree/a/b/f", "x");
	assert_int_equal(symlink("../outside", "tree/link"), 0);
	assert_int_equal(symlink("nowhere", "tree/dangling"), 0);
	assert_int_equal(mkfifo("tree/a/pipe", 0600), 0);
	check_ok(fs_remove_tree("tree", err));
	assert_false(fs_exists("tree"));
	assert_true(fs_is_dir("outside/kept"));
	assert_int_equal(symlink("outside", "link"), 0);
	check_ok(fs_remove_tree("link/", err)); /* the link, not what it names */
	assert_int_equal(entries("."), 1);
	assert_int_equal(entries("outside"), 2);
	check_ok(fs_remove_tree("absent", err));
	check_ok(fs_remove_tree("outside/file", err));
	check_fails(fs_remove_tree("", err), ERROR_INTERNAL, "refused");
	check_fails(fs_remove_tree("/", err), ERROR_INTERNAL, "refused");
	check_fails(fs_remove_tree("..", err), ERROR_INTERNAL, "refused");
}

static bool remove_module_cache(void)
{
	struct error err = ERROR_INIT;
	if (mkdir("own", 0700) < 0 || fs_mkdirs("own/cache/m/closed", 0700, &err) < 0 ||
	    fs_write_atomic("own/cache/m/f", "x", 1, 0444, &err) < 0 || chmod("own/cache/m/closed", 0) < 0 ||
	    chmod("own/cache/m", 0555) < 0 || chmod("own/cache", 0555) < 0)
		return false;
	return fs_remove_tree("own", &err) == 0 && !fs_exists("own");
}

static void remove_tree_opens_read_only_folders(void **state)
{
	(void)state;
	assert_int_equal(chmod(".", 0777), 0);
	assert_int_equal(as_nobody(remove_module_cache), 0);
}

static void remove_tree_of_any_depth(void **state)
{
	(void)state;
	/* Deeper than descriptors (1,024 by default) and path names (4,096 bytes) reach. */
	assert_int_equal(mkdir("deep", 0700), 0);
	int fd = open("deep", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		int next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
	check_ok(fs_remove_tree("deep", err));
	assert_false(fs_exists("deep"));
}

static void kinds_of_files(void **state)
{
	(void)state;
	put("plain", "");
	check_ok(fs_write_atomic("program", "", 0, 0755, err));
	assert_true(fs_exists("plain") && fs_exists(".") && !fs_exists("absent"));
	assert_true(fs_is_dir(".") && !fs_is_dir("plain") && !fs_is_dir("absent"));
	assert_true(fs_is_executable("program"));
	assert_true(!fs_is_executable("plain") && !fs_is_executable(".") && !fs_is_executable("absent"));
}

static void tail_gives_last_whole_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t max;
		const char *tail;
	} cases[] = {
		{ "", 10, "" },
		{ "one\ntwo\n", 100, "one\ntwo\n" },
		{ "one\ntwo\n", 8, "one\ntwo\n" },
		{ "one\ntwo\n", 7, "two\n" },
		{ "one\ntwo\n", 4, "two\n" },
		{ "one\ntwo\n", 3, "wo\n" }, /* a line that is longer than allowed: its end */
		{ "one\ntwo", 5, "two" },
		{ "one\ntwo\n", 0, "" },
		{ "\n\n\n", 2, "\n\n" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put("log", cases[i].text);
		CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(100);
		fs_tail("log", cases[i].max, &b);
		check_str(b.data, cases[i].tail);
	}
	CLEANUP(strbuf) struct strbuf small = STRBUF_INIT(9);
	strbuf_adds(&small, "log: ");
	put("log", "one\ntwo\n");
	fs_tail("log", 100, &small); /* never beyond the buffer's own limit */
	check_str(small.data, "log: two\n");
	fs_tail("absent", 100, &small);
	fs_tail(".", 100, &small);
	check_str(small.data, "log: two\n");
}

static void temp_dir_is_private(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(stat(room, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(room[0], '/');
	setenv("TMPDIR", ".", 1);
	struct error err = ERROR_INIT;
	char *path = fs_make_temp_dir("x", &err);
	assert_non_null(path);
	assert_true(str_starts(path, room)); /* absolute, though TMPDIR is not */
	free(path);
	setenv("TMPDIR", "/absent", 1);
	assert_null(fs_make_temp_dir("x", &err));
	check_contains(err.message, "find /absent: No such file");
	unsetenv("TMPDIR");
}

static void find_program_searches_in_order(void **state)
{
	(void)state;
	check_ok(fs_mkdirs("one/tool", 0700, err)); /* a folder of that name is no program */
	check_ok(fs_mkdirs("two", 0700, err));
	check_ok(fs_mkdirs("three", 0700, err));
	put("two/tool", "not executable");
	check_ok(fs_write_atomic("three/tool", "", 0, 0755, err));
	check_ok(fs_write_atomic("here", "", 0, 0755, err));
	static const struct {
		const char *name, *list, *found;
	} cases[] = {
		{ "tool", "one:two:three", "three/tool" },
		{ "tool", "one:two", NULL },
		{ "tool", "", NULL },
		{ "tool", NULL, NULL },
		{ "", "three", NULL },
		{ "here", "::three:", NULL },
		{ "./tool", "three", "./tool" },
		{ "/x/y", NULL, "/x/y" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *found = fs_find_program(cases[i].name, cases[i].list);
		if (cases[i].found)
			check_str(found, cases[i].found);
		else
			assert_null(found);
		free(found);
	}
}

static void absolute_resolves_links(void **state)
{
	(void)state;
	struct error err = ERROR_INIT;
	assert_int_equal(symlink(".", "link"), 0);
	char *path = fs_absolute("link/./link", &err);
	check_str(path, room);
	free(path);
	assert_null(fs_absolute("absent", &err));
	check_contains(err.message, "find absent: No such file");
}

static void sha256_of_known_texts(void **state)
{
	(void)state;
	char hex[65];
	put("a", "abc"); /* FIPS 180-2, appendix B.1 */
	check_ok(fs_sha256("a", hex, err));
	check_str(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	put("a", "");
	check_ok(fs_sha256("a", hex, err));
	check_str(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_fails(fs_sha256("absent", hex, err), ERROR_INTERNAL, "read absent: No such file");
	check_fails(fs_sha256(".", hex, err), ERROR_INTERNAL, "not a regular file");
}

static void lock_excludes(void **state)
{
	(void)state;
	int first = -1, second = -1;
	check_ok(fs_lock("lock", 0, &first, err));
	struct stat st;
	assert_int_equal(fstat(first, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	check_fails(fs_lock("lock", 0, &second, err), ERROR_INTERNAL, "lock lock: another process holds it");
	uint64_t deadline = clock_deadline(20 * NS_PER_MS);
	check_fails(fs_lock("lock", deadline, &second, err), ERROR_INTERNAL, "another process holds it");
	assert_true(clock_mono_ns() >= deadline);
	assert_int_equal(second, -1);
	close(first);
	check_ok(fs_lock("lock", 0, &second, err));
	close(second);
	check_fails(fs_lock("no/lock", 0, &second, err), ERROR_INTERNAL, "open lock file no/lock");
}

static void lock_is_handed_over(void **state)
{
	(void)state;
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { /* holds it, says so, and lets go by ending once we are waiting or about to */
		int fd = -1;
		_exit(fs_lock("lock", 0, &fd, NULL) == 0 && write(ready[1], "x", 1) == 1 ? 0 : 1);
	}
	char byte;
	assert_int_equal(read(ready[0], &byte, 1), 1);
	int fd = -1;
	check_ok(fs_lock("lock", CLOCK_FOREVER, &fd, err));
	close(fd);
	int status;
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

static void lock_on_a_removed_file_is_not_taken(void **state)
{
	(void)state;
	int old = -1, fd = -1;
	check_ok(fs_lock("lock", 0, &old, err));
	assert_int_equal(unlink("lock"), 0);
	check_ok(fs_lock("lock", 0, &fd, err)); /* the new file's */
	int third = -1;
	check_fails(fs_lock("lock", 0, &third, err), ERROR_INTERNAL, "holds it");
	close(old);
	close(fd);
	assert_int_equal(unlink("lock"), 0);
	assert_int_equal(symlink("elsewhere", "lock"), 0);
	check_fails(fs_lock("lock", 0, &third, err), ERROR_INTERNAL, "Too many levels of symbolic links");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter_room, leave_room)
#define DISK_TEST(f) cmocka_unit_test_setup_teardown(f, enter_room, leave_disk)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(write_makes_the_file_whole),
		TEST(write_takes_long_names_and_absolute_paths),
		TEST(write_that_fails_leaves_nothing),
		TEST(read_only_folder_is_clear),
		DISK_TEST(full_disk_leaves_no_half_file),
		DISK_TEST(no_inode_left_is_clear),
		DISK_TEST(read_only_file_system_is_clear),
		DISK_TEST(commit_across_devices_fails_clean),
		DISK_TEST(tree_with_a_mount_keeps_what_is_mounted),
		TEST(commit_gives_the_final_name),
		TEST(copy_is_the_same),
		TEST(copy_refuses_what_is_no_file),
		TEST(read_is_bounded),
		TEST(read_takes_pipes_and_files_without_size),
		TEST(stop_requests_end_waits_and_nothing_else),
		TEST(mkdirs_makes_what_is_missing),
		TEST(remove_tree_stays_inside),
		TEST(remove_tree_opens_read_only_folders),
		TEST(remove_tree_of_any_depth),
		TEST(kinds_of_files),
		TEST(tail_gives_last_whole_lines),
		TEST(temp_dir_is_private),
		TEST(find_program_searches_in_order),
		TEST(absolute_resolves_links),
		TEST(sha256_of_known_texts),
		TEST(lock_excludes),
		TEST(lock_is_handed_over),
		TEST(lock_on_a_removed_file_is_not_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
