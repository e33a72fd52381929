/* dbdyno render: a Kubernetes manifest from a template. */
#include "base/clock.h"
#include "base/embed.h"
#include "base/fs.h"
#include "command.h"
#include "k8s/name.h"
#include "k8s/render.h"
#include "options.h"
#include "render_today.h"

#include <stdio.h>
#include <string.h>

struct render_options {
	struct opt_seen seen;
	char *config, *template_file, *job_name, *actor, *namespace, *image, *queue, *memory, *disk, *service_account,
		*token_secret, *aws_secret, *ca_config_map, *cache_claim, *goexperiment;
	bool from_environment;
	long long cpus, retries;
	uint64_t deadline_ns, ttl_ns;
	struct strlist pull_secrets, labels, node_selector, tolerations;
};

#define AT(member) offsetof(struct render_options, member)

/* clang-format off */
static const struct opt render_table[] = {
	{ "image", OPT_STRING, AT(image), .value = "IMAGE", .flags = OPT_REQUIRED, .group = "Job", .help = "the dbdyno image, best by digest" },
	{ "from-environment", OPT_BOOL, AT(from_environment), .help = "the Job's flags from FROM_SERVER, TO_VERSION, MODE, … (docs/kubernetes.md); those after -- are added" },
	{ "job-name", OPT_STRING, AT(job_name), .value = "NAME", .help = "name (default: from actor, version and time)" },
	{ "actor", OPT_STRING, AT(actor), .value = "NAME", .env = "ACTOR", .def = "dbdyno", .help = "who asked, first part of the name" },
	{ "namespace", OPT_STRING, AT(namespace), .value = "NAME", .help = "namespace (default: that of kubectl's context)" },
	{ "deadline", OPT_DURATION, AT(deadline_ns), .min = 1, .max = 604800, .def = "4h", .help = "the Job ends then, finished or not" },
	{ "ttl", OPT_DURATION, AT(ttl_ns), .min = 0, .max = 31536000, .def = "24h", .help = "an ended Job is removed after that" },
	{ "retries", OPT_INT, AT(retries), .min = 0, .max = 10, .def = "1", .help = "further pods after a failure that another try may mend" },
	{ "cpus", OPT_INT, AT(cpus), .min = 1, .max = 1024, .def = "4", .group = "Resources", .help = "whole CPUs, requests and limits alike" },
	{ "memory", OPT_STRING, AT(memory), .value = "QUANTITY", .def = "8Gi", .help = "memory" },
	{ "disk", OPT_STRING, AT(disk), .value = "QUANTITY", .def = "20Gi", .help = "ephemeral storage; 0: none, for nodes that keep no account of it" },
	{ "node-selector", OPT_LIST, AT(node_selector), .value = "KEY=VALUE", .help = "node label, repeatable" },
	{ "toleration", OPT_LIST, AT(tolerations), .value = "KEY", .help = "taint to tolerate, repeatable" },
	{ "label", OPT_LIST, AT(labels), .value = "KEY=VALUE", .help = "label of Job and pod, repeatable" },
	{ "goexperiment", OPT_STRING, AT(goexperiment), .value = "LIST", .help = "GOEXPERIMENT of builds (with --from-environment: greenteagc); none: none" },
	{ "queue", OPT_STRING, AT(queue), .value = "NAME", .help = "Kueue queue" },
	{ "cache-claim", OPT_STRING, AT(cache_claim), .value = "NAME", .help = "PersistentVolumeClaim that keeps builds" },
	{ "service-account", OPT_STRING, AT(service_account), .value = "NAME", .group = "Access", .help = "for IRSA or EKS Pod Identity" },
	{ "token-secret", OPT_STRING, AT(token_secret), .value = "NAME", .help = "Secret whose key \"token\" is the GitHub token" },
	{ "aws-secret", OPT_STRING, AT(aws_secret), .value = "NAME", .help = "Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" },
	{ "ca-config-map", OPT_STRING, AT(ca_config_map), .value = "NAME", .help = "ConfigMap whose key \"ca.crt\" holds further authorities" },
	{ "image-pull-secret", OPT_LIST, AT(pull_secrets), .value = "NAME", .help = "Secret of the image's registry, repeatable" },
	{ "template-file", OPT_STRING, AT(template_file), .value = "FILE", .group = "Other", .help = "a template of your own (k8s/render.h has the language)" },
	{ "config", OPT_STRING, AT(config), .value = "FILE", .help = "JSON file with options, by flag name" },
	{ 0 },
};
/* clang-format on */

/* What can be rendered. All are the same template, with other flags. */
static const struct kind {
	const char *name, *command;
	const char *flag; /* the first of the Job's flags; NULL: none */
	const struct opt *table;
} kinds[] = {
	{ "compare", "compare", NULL, compare_table },
	{ "tpcc", "compare", "--withTpcc=true", compare_table },
	{ "profile", "profile", NULL, profile_table },
};

/* The Job: its flags and what they lead to. */
struct job_request {
	const struct kind *kind;
	struct today today;
	struct strlist args;
	char name[K8S_NAME_SIZE];
	const char *command; /* NULL: flags alone */
};

static void job_request_release(struct job_request *r)
{
	today_release(&r->today);
	strlist_release(&r->args);
}

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* The flags of the Job itself are checked here, so that a misspelt one does not cost a pod. Returns the version that
 * names the Job, or "". */
static char *check_flags(const struct job_request *r, struct error *err)
{
	/* Flags alone have another default engine. */
	const struct opt *table = r->command || r->kind->table != profile_table ? r->kind->table : flags_profile_table;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	struct options o = { 0 };
	opt_parse(table, &o, (int)r->args.len, strlist_array(&r->args),
		  &(struct opt_source){ .getenv = opt_no_environment }, NULL, &problems);
	if (!r->command && !o.bucket)
		strlist_add(&problems, "--bucket is required: what stays in the pod is lost with it");
	int result = command_problems(&problems, err);
	if (result < 0)
		error_wrap(err, "the Job's flags");
	const char *version = o.to.version ? o.to.version : o.from.version;
	char *copy = result < 0 ? NULL : str_dup(version ? version : "", err);
	options_release(table, &o);
	return copy;
}

static int find_template(const struct render_options *o, struct strbuf *ret, struct error *err)
{
	if (o->template_file && fs_read(o->template_file, ret, err) < 0) {
		err->kind = ERROR_USAGE;
		return error_wrap(err, "--template-file");
	}
	if (o->template_file)
		return 0;
	const struct embedded_file *f = embedded_find(template_files, "job.yaml");
	return f && strbuf_add(ret, f->data, f->len) == 0 ? 0 : error_oom(err);
}

/* From the environment of run-benchmarks.sh: flags alone, so that the Job does what that script's did. */
static int request_from_environment(const struct render_options *o, const char *name, const struct strlist *flags,
				    struct job_request *r, struct error *err)
{
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	struct opt_source source = opt_default_source();
	int64_t now = clock_wall_ns();
	today_read(&r->today, &source, &problems);
	if (!opt_was_set(render_table, &o->seen, "actor"))
		strlist_add(&problems, "ACTOR is required");
	if (r->today.token && !o->token_secret)
		strlist_add(&problems, "REPO_ACCESS_TOKEN: a token does not go into a manifest; put it into a Secret "
				       "as key \"token\" and name that with --token-secret");
	if (name && strcmp(name, today_kind(&r->today)) != 0)
		strlist_addf(&problems, "the environment asks for %s, the command line for %.100s",
			     today_kind(&r->today), name);
	if (command_problems(&problems, err) < 0)
		return error_wrap(err, "the environment");
	r->kind = find_kind(today_kind(&r->today));
	k8s_job_name(o->actor, today_version(&r->today), r->kind == &kinds[0] ? NULL : r->kind->name, (uint64_t)now,
		     r->name);
	if (today_args(&r->today, o->actor, o->job_name ? o->job_name : r->name, now, &r->args, err) < 0 ||
	    strlist_add_all(&r->args, strlist_array(flags)) < 0)
		return -1;
	AUTO_FREE char *version = check_flags(r, err);
	return version ? 0 : -1;
}

static int request_from_flags(const struct render_options *o, const char *name, const struct strlist *flags,
			      struct job_request *r, struct error *err)
{
	r->kind = find_kind(name ? name : "compare");
	if (!r->kind) {
		error_set(err, ERROR_USAGE, "there is no template \"%.100s\"", name);
		return error_hint(err, "compare, tpcc, profile, or a file of your own with --template-file");
	}
	r->command = r->kind->command;
	if (r->kind->flag)
		strlist_add(&r->args, r->kind->flag);
	if (strlist_add_all(&r->args, strlist_array(flags)) < 0)
		return error_oom(err);
	AUTO_FREE char *version = check_flags(r, err);
	if (version)
		k8s_job_name(o->actor, version, r->kind == &kinds[0] ? NULL : r->kind->name, (uint64_t)clock_wall_ns(),
			     r->name);
	return version ? 0 : -1;
}

struct numbers {
	char cpus[24], retries[24], deadline[24], ttl[24];
};

static void format_numbers(const struct render_options *o, const struct job_request *r, struct numbers *n)
{
	bool today = o->from_environment;
	long long cpus = today && !opt_was_set(render_table, &o->seen, "cpus") ? 7 : o->cpus;
	long long retries =
		today && !opt_was_set(render_table, &o->seen, "retries") ? today_retries(&r->today) : o->retries;
	snprintf(n->cpus, sizeof n->cpus, "%lld", cpus);
	snprintf(n->retries, sizeof n->retries, "%lld", retries);
	snprintf(n->deadline, sizeof n->deadline, "%llu", (unsigned long long)(o->deadline_ns / NS_PER_SECOND));
	snprintf(n->ttl, sizeof n->ttl, "%llu", (unsigned long long)(o->ttl_ns / NS_PER_SECOND));
}

static int fill(const struct render_options *o, const struct job_request *r, const struct strbuf *text,
		struct strbuf *out, struct error *err)
{
	struct numbers n;
	format_numbers(o, r, &n);
	bool today = o->from_environment;
	const char *goexperiment = o->goexperiment ? o->goexperiment : today ? "greenteagc" : NULL;
	const struct render_value values[] = {
		{ "JOB_NAME", o->job_name ? o->job_name : r->name, NULL },
		{ "COMPONENT", r->kind->name, NULL },
		{ "COMMAND", r->command, NULL },
		{ "NAMESPACE", o->namespace, NULL },
		{ "IMAGE", o->image, NULL },
		{ "IMAGE_PULL_SECRETS", NULL, &o->pull_secrets },
		{ "LABELS", NULL, &o->labels },
		{ "QUEUE", o->queue, NULL },
		{ "ARGS", NULL, &r->args },
		{ "CPUS", n.cpus, NULL },
		{ "MEMORY", o->memory, NULL },
		{ "DISK", str_eq(o->disk, "0") ? NULL : o->disk, NULL },
		{ "DEADLINE_SECONDS", n.deadline, NULL },
		{ "TTL_SECONDS", n.ttl, NULL },
		{ "RETRIES", n.retries, NULL },
		{ "SERVICE_ACCOUNT", o->service_account, NULL },
		{ "TOKEN_SECRET", o->token_secret, NULL },
		{ "AWS_SECRET", o->aws_secret, NULL },
		{ "CA_CONFIG_MAP", o->ca_config_map, NULL },
		{ "CACHE_CLAIM", o->cache_claim, NULL },
		{ "NODE_SELECTOR", NULL, &o->node_selector },
		{ "TOLERATIONS", NULL, &o->tolerations },
		{ "ACTOR", today ? o->actor : NULL, NULL },
		{ "ACTOR_EMAIL", r->today.actor_email, NULL },
		{ "BRANCH", r->today.branch, NULL },
		{ "GOMAXPROCS", today ? n.cpus : NULL, NULL },
		{ "GOEXPERIMENT", str_eq(goexperiment, "none") ? NULL : goexperiment, NULL },
		{ "MYSQL_FOLDER", today && today_has_mysql(&r->today) ? TODAY_MYSQL_FOLDER : NULL, NULL },
		{ 0 },
	};
	return render_manifest(text->data, text->len, values, out, err);
}

static int render(const struct render_options *o, const struct strlist *positional, struct error *err)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(RENDER_MAX_TEMPLATE_BYTES), out = STRBUF_INIT(4 << 20);
	CLEANUP(strlist) struct strlist flags = STRLIST_INIT;
	CLEANUP(job_request) struct job_request r = { 0 };
	bool named = positional->len && positional->items[0][0] != '-';
	const char *name = named ? positional->items[0] : NULL;
	for (size_t i = named; i < positional->len; i++)
		strlist_add(&flags, positional->items[i]);
	if (strlist_check(&flags, err) < 0 || find_template(o, &text, err) < 0)
		return -1;
	if ((o->from_environment ? request_from_environment : request_from_flags)(o, name, &flags, &r, err) < 0 ||
	    fill(o, &r, &text, &out, err) < 0)
		return -1;
	return fputs(out.data, stdout) < 0 || fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the manifest")
							     : 0;
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct render_options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist positional = STRLIST_INIT;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&command_render, &o, argc, argv, &positional, &problems, &done, err);
	if (result == 0 && !done)
		result = command_problems(&problems, err) < 0 ? -1 : render(&o, &positional, err);
	opt_release(render_table, &o);
	return result;
}

const struct command command_render = {
	.name = "render",
	.usage = "[compare|tpcc|profile] --image IMAGE [flags] -- --from-version=V --to-version=V [flags of the Job]",
	.summary = "Fill a Kubernetes Job template; the manifest goes to standard output.",
	.table = render_table,
	.run = run,
};
