/* `go tool pprof` reads what we write, and sees in it what it sees in its own. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "check.h"
#include "profiler/pprof.h"

#define LIMIT (1 << 20)
#define TIMEOUT_NS (300 * NS_PER_SECOND) /* the tool is built at its first use */

static char *folder;

static int make_folder(void **state)
{
	(void)state;
	folder = fs_make_temp_dir("dbdyno-go-tool", NULL);
	return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	int r = fs_remove_tree(folder, NULL);
	free(folder);
	return r;
}

/* go tool pprof <form> <files>, its standard output. */
static void pprof_tool(const char *form, const char *const *files, struct strbuf *out)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT;
	CLEANUP(strbuf) struct strbuf tail = STRBUF_INIT(8000);
	strlist_add_all(&argv, (const char *const[]){ "go", "tool", "pprof", "-symbolize=none", form, NULL });
	strlist_add_all(&argv, files);
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = strlist_array(&argv);
	check_ok(proc_run(&spec, TIMEOUT_NS, out, &tail, err));
}

static char *data_file(const char *name)
{
	return str_printf(NULL, "%s/%s", TEST_DATA, name);
}

static void load(const char *path, struct pprof *ret)
{
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(LIMIT);
	check_ok(fs_read(path, &bytes, err));
	check_ok(pprof_read(ret, bytes.data, bytes.len, err));
}

static char *save(const struct pprof *p, const char *name)
{
	CLEANUP(strbuf) struct strbuf bytes = STRBUF_INIT(LIMIT);
	char *path = str_printf(NULL, "%s/%s", folder, name);
	check_ok(pprof_write(p, true, &bytes, err));
	check_ok(fs_write_atomic(path, bytes.data, bytes.len, 0600, err));
	return path;
}

static void sees_the_same_after_a_round(void **state)
{
	(void)state;
	AUTO_FREE char *theirs = data_file("cpu-a.pprof");
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	load(theirs, &p);
	AUTO_FREE char *ours = save(&p, "round.pprof");
	CLEANUP(strbuf) struct strbuf a = STRBUF_INIT(LIMIT), b = STRBUF_INIT(LIMIT), top = STRBUF_INIT(LIMIT);
	pprof_tool("-raw", (const char *const[]){ theirs, NULL }, &a);
	pprof_tool("-raw", (const char *const[]){ ours, NULL }, &b);
	check_contains(a.data, "main.scan");
	check_str(b.data, a.data);
	pprof_tool("-top", (const char *const[]){ ours, NULL }, &top);
	check_contains(top.data, "Total samples = 490ms");
	check_contains(top.data, "main.mix (inline)");
}

static void merges_as_we_do(void **state)
{
	(void)state;
	AUTO_FREE char *first = data_file("cpu-a.pprof"), *second = data_file("cpu-b.pprof");
	CLEANUP(pprof) struct pprof p = PPROF_INIT, q = PPROF_INIT, sum = PPROF_INIT;
	load(first, &p);
	load(second, &q);
	check_ok(pprof_merge(&sum, (const struct pprof *const[]){ &p, &q, &p }, 3, err));
	AUTO_FREE char *ours = save(&sum, "sum.pprof");
	CLEANUP(strbuf) struct strbuf proto = STRBUF_INIT(LIMIT), a = STRBUF_INIT(LIMIT), b = STRBUF_INIT(LIMIT);
	AUTO_FREE char *theirs = str_printf(NULL, "%s/theirs.pprof", folder);
	AUTO_FREE char *output = str_printf(NULL, "-output=%s", theirs);
	pprof_tool("-proto", (const char *const[]){ output, first, second, first, NULL }, &proto);
	pprof_tool("-raw", (const char *const[]){ theirs, NULL }, &a);
	pprof_tool("-raw", (const char *const[]){ ours, NULL }, &b);
	check_contains(a.data, "main.insert");
	check_str(b.data, a.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sees_the_same_after_a_round),
		cmocka_unit_test(merges_as_we_do),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
