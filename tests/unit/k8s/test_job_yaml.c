/* The shipped template: what it asks for, and what comes out, by hand and by kubectl-validate. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"
#include "check.h"
#include "k8s/name.h"
#include "k8s/render.h"

#define LIMIT (1 << 20)
#define BUILD_TIMEOUT_NS (1500 * NS_PER_SECOND) /* the validator's first build on a slow machine */

static const struct embedded_file *template(void)
{
	const struct embedded_file *f = embedded_find(template_files, "job.yaml");
	assert_non_null(f);
	return f;
}

static void add_all(struct strlist *l, const char *a, const char *b)
{
	strlist_add(l, a);
	strlist_add(l, b);
}

/* Every value, as hostile as its placeholder lets it be; or only what is required. */
static void render(bool full, struct strbuf *out)
{
	char name[K8S_NAME_SIZE];
	k8s_job_name("bot[bot]", "../../$(reboot)\n", "tpcc", 1700000000000000001, name);
	CLEANUP(strlist)
	struct strlist args = STRLIST_INIT, labels = STRLIST_INIT, nodes = STRLIST_INIT, taints = STRLIST_INIT,
		       pulls = STRLIST_INIT, none = STRLIST_INIT;
	add_all(&args, "--from-version=1e3", "--query=select \"x\",\n 'y: z' -- $(AWS_SECRET_ACCESS_KEY)");
	add_all(&args, "yes", "- {a: b}");
	add_all(&labels, "team=db", "example.org/on=yes");
	add_all(&nodes, "pool=bench", "kubernetes.io/arch=amd64");
	add_all(&taints, "benchmark", "example.org/dedicated");
	add_all(&pulls, "registry", "other.registry");
	const struct render_value values[] = {
		{ "JOB_NAME", name },
		{ "COMPONENT", "profile" },
		{ "COMMAND", full ? "profile" : NULL },
		{ "NAMESPACE", full ? "performance" : NULL },
		{ "IMAGE", "registry.example.org/dbdyno@sha256:0123" },
		{ "IMAGE_PULL_SECRETS", .list = full ? &pulls : &none },
		{ "LABELS", .list = full ? &labels : &none },
		{ "QUEUE", full ? "benchmarks" : NULL },
		{ "ARGS", .list = full ? &args : &none },
		{ "CPUS", "7" },
		{ "MEMORY", "8Gi" },
		{ "DISK", full ? "20Gi" : NULL },
		{ "DEADLINE_SECONDS", "7200" },
		{ "TTL_SECONDS", "86400" },
		{ "RETRIES", "1" },
		{ "SERVICE_ACCOUNT", full ? "dbdyno" : NULL },
		{ "TOKEN_SECRET", full ? "github-token" : NULL },
		{ "AWS_SECRET", full ? "aws" : NULL },
		{ "CA_CONFIG_MAP", full ? "authorities" : NULL },
		{ "CACHE_CLAIM", full ? "build-cache" : NULL },
		{ "NODE_SELECTOR", .list = full ? &nodes : &none },
		{ "TOLERATIONS", .list = full ? &taints : &none },
		{ "ACTOR", full ? "bot[bot]" : NULL },
		{ "ACTOR_EMAIL", full ? "team@example.org" : NULL },
		{ "BRANCH", full ? "$(AWS_SECRET_ACCESS_KEY)" : NULL },
		{ "GOMAXPROCS", full ? "7" : NULL },
		{ "GOEXPERIMENT", full ? "greenteagc" : NULL },
		{ "MYSQL_FOLDER", full ? "/home/tester/.mysql" : NULL },
		{ 0 },
	};
	check_ok(render_manifest(template()->data, template()->len, values, out, err));
}

static void asks_for_what_it_says(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool required, list;
	} expected[] = {
		{ "JOB_NAME", true, false },
		{ "NAMESPACE", false, false },
		{ "COMPONENT", true, false },
		{ "QUEUE", false, false },
		{ "LABELS", true, true },
		{ "RETRIES", true, false },
		{ "DEADLINE_SECONDS", true, false },
		{ "TTL_SECONDS", true, false },
		{ "ACTOR_EMAIL", false, false },
		{ "SERVICE_ACCOUNT", false, false },
		{ "IMAGE_PULL_SECRETS", false, true },
		{ "NODE_SELECTOR", false, true },
		{ "TOLERATIONS", false, true },
		{ "IMAGE", true, false },
		{ "COMMAND", false, false },
		{ "ARGS", false, true },
		{ "ACTOR", false, false },
		{ "BRANCH", false, false },
		{ "GOMAXPROCS", false, false },
		{ "GOEXPERIMENT", false, false },
		{ "TOKEN_SECRET", false, false },
		{ "CA_CONFIG_MAP", false, false },
		{ "AWS_SECRET", false, false },
		{ "CPUS", true, false },
		{ "MEMORY", true, false },
		{ "DISK", false, false },
		{ "MYSQL_FOLDER", false, false },
		{ "CACHE_CLAIM", false, false },
	};
	CLEANUP(render_variables) struct render_variables v = { 0 };
	check_ok(render_variables(template()->data, template()->len, &v, err));
	assert_int_equal(v.len, ARRAY_SIZE(expected));
	for (size_t i = 0; i < v.len; i++) {
		check_str(v.items[i].name, expected[i].name);
		assert_int_equal(v.items[i].required, expected[i].required);
		assert_int_equal(v.items[i].list, expected[i].list);
	}
}

static void full_manifest(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	render(true, &out);
	static const char *const parts[] = {
		"\n  name: \"bot-bot-reboot-tpcc-1700000000000000001\"\n",
		"\n  namespace: \"performance\"\n",
		"\n    kueue.x-k8s.io/queue-name: \"benchmarks\"\n    \"team\": \"db\"\n    \"example.org/on\": "
		"\"yes\"\n",
		"\n        - \"profile\"\n        - \"--from-version=1e3\"\n",
		"\n    app.kubernetes.io/component: \"profile\"\n",
		"\n        alert_recipients: \"team@example.org\"\n",
		"- name: BRANCH\n          value: \"$$(AWS_SECRET_ACCESS_KEY)\"\n",
		"- name: GOMAXPROCS\n          value: \"7\"\n",
		"mountPath: \"/home/tester/.mysql\"\n",
		"\n        - \"--query=select \\\"x\\\",\\n 'y: z' -- $$(AWS_SECRET_ACCESS_KEY)\"\n        - \"yes\"\n "
		"       - \"- {a: "
		"b}\"\n",
		"\n            cpu: 7\n            memory: \"8Gi\"\n",
		"secretName: \"github-token\"",
		"claimName: \"build-cache\"",
		"values: [2, 3, 7, 8]",
		"readOnlyRootFilesystem: true",
	};
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		check_contains(out.data, parts[i]);
	assert_null(strstr(out.data, "${"));
	assert_null(strstr(out.data, "!when"));
}

static void minimal_manifest(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	render(false, &out);
	static const char *const absent[] = { "namespace:",       "queue-name",   "serviceAccountName",
					      "imagePullSecrets", "nodeSelector", "tolerations",
					      "secretKeyRef",     "secretName",   "configMap",
					      "DBDYNO_CA_FILE",   "claimName",    "DBDYNO_TOKEN_FILE",
					      "ephemeral-storage" };
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		if (strstr(out.data, absent[i]))
			fail_msg("%s is there:\n%s", absent[i], out.data);
	check_contains(out.data, "- name: cache\n        emptyDir: {}");
}

static char *validator(void)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = (const char *const[]){ TEST_TOOLS "/kubectl-validate.sh", NULL };
	CLEANUP(strbuf) struct strbuf path = STRBUF_INIT(4096), tail = STRBUF_INIT(4096);
	check_ok(proc_run(&spec, BUILD_TIMEOUT_NS, &path, &tail, err));
	return strndup(path.data, strcspn(path.data, "\n"));
}

static int validate(const char *program, const char *dir, const struct strbuf *manifest, struct error *err)
{
	AUTO_FREE char *file = str_printf(err, "%s/job.yaml", dir);
	if (!file || fs_write_atomic(file, manifest->data, manifest->len, 0600, err) < 0)
		return -1;
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = (const char *const[]){ program, "--version", "1.30", file, NULL };
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT), tail = STRBUF_INIT(8000);
	return proc_run(&spec, 60 * NS_PER_SECOND, &out, &tail, err);
}

static void kubectl_validate(void **state)
{
	(void)state;
	AUTO_FREE char *program = validator();
	AUTO_FREE char *dir = fs_make_temp_dir("dbdyno-k8s", NULL);
	assert_non_null(dir);
	for (int full = 0; full < 2; full++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
		render(full, &out);
		check_ok(validate(program, dir, &out, err));
		/* and it does look: a field that does not exist is an error */
		strbuf_adds(&out, "nonsense: 1\n");
		check_fails(validate(program, dir, &out, err), ERROR_INTERNAL, "kubectl-validate exited with status 1");
	}
	check_ok(fs_remove_tree(dir, err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_what_it_says),
		cmocka_unit_test(full_manifest),
		cmocka_unit_test(minimal_manifest),
		cmocka_unit_test(kubectl_validate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
