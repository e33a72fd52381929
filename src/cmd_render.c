/* dbdyno render: a Kubernetes manifest from a template. */
#include "base/clock.h"
#include "base/embed.h"
#include "base/fs.h"
#include "command.h"
#include "k8s/name.h"
#include "k8s/render.h"
#include "options.h"

#include <stdio.h>
#include <string.h>

struct render_options {
	struct opt_seen seen;
	char *config, *template_file, *job_name, *actor, *namespace, *image, *queue, *memory, *disk, *service_account,
		*token_secret, *aws_secret, *ca_config_map, *cache_claim;
	long long cpus, retries;
	uint64_t deadline_ns, ttl_ns;
	struct strlist pull_secrets, labels, node_selector, tolerations;
};

#define AT(member) offsetof(struct render_options, member)

/* clang-format off */
static const struct opt render_table[] = {
	{ "image", OPT_STRING, AT(image), .value = "IMAGE", .flags = OPT_REQUIRED, .group = "Job", .help = "the dbdyno image, best by digest" },
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

/* The flags of the Job itself are checked here, so that a misspelt one does not cost a pod. Returns --to-version, or
 * "". */
static char *check_args(const struct strlist *args, struct error *err)
{
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	struct options o = { 0 };
	opt_parse(compare_table, &o, (int)args->len, strlist_array(args),
		  &(struct opt_source){ .getenv = opt_no_environment }, NULL, &problems);
	int result = command_problems(&problems, err);
	if (result < 0)
		error_wrap(err, "the Job's flags");
	char *version = result < 0 ? NULL : str_dup(o.to.version ? o.to.version : "", err);
	options_release(compare_table, &o);
	return version;
}

static int find_template(const struct render_options *o, const char *name, struct strbuf *ret, struct error *err)
{
	if (o->template_file && fs_read(o->template_file, ret, err) < 0) {
		err->kind = ERROR_USAGE;
		return error_wrap(err, "--template-file");
	}
	if (o->template_file)
		return 0;
	AUTO_FREE char *file = str_printf(err, "%s.yaml", name);
	const struct embedded_file *f = file ? embedded_find(template_files, file) : NULL;
	if (file && !f) {
		error_set(err, ERROR_USAGE, "there is no template \"%.100s\"", name);
		return error_hint(err, "compare, or a file of your own with --template-file");
	}
	return file && strbuf_add(ret, f->data, f->len) == 0 ? 0 : error_oom(err);
}

static int render(const struct render_options *o, const struct strlist *positional, struct error *err)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(RENDER_MAX_TEMPLATE_BYTES), out = STRBUF_INIT(4 << 20);
	CLEANUP(strlist) struct strlist args = STRLIST_INIT;
	bool named = positional->len && positional->items[0][0] != '-';
	for (size_t i = named; i < positional->len; i++)
		strlist_add(&args, positional->items[i]);
	if (strlist_check(&args, err) < 0 || find_template(o, named ? positional->items[0] : "compare", &text, err) < 0)
		return -1;
	AUTO_FREE char *version = check_args(&args, err);
	if (!version)
		return -1;
	char job_name[K8S_NAME_SIZE], cpus[24], retries[24], deadline[24], ttl[24];
	k8s_job_name(o->actor, version, NULL, (uint64_t)clock_wall_ns(), job_name);
	snprintf(cpus, sizeof cpus, "%lld", o->cpus);
	snprintf(retries, sizeof retries, "%lld", o->retries);
	snprintf(deadline, sizeof deadline, "%llu", (unsigned long long)(o->deadline_ns / NS_PER_SECOND));
	snprintf(ttl, sizeof ttl, "%llu", (unsigned long long)(o->ttl_ns / NS_PER_SECOND));
	const struct render_value values[] = {
		{ "JOB_NAME", o->job_name ? o->job_name : job_name, NULL },
		{ "NAMESPACE", o->namespace, NULL },
		{ "IMAGE", o->image, NULL },
		{ "IMAGE_PULL_SECRETS", NULL, &o->pull_secrets },
		{ "LABELS", NULL, &o->labels },
		{ "QUEUE", o->queue, NULL },
		{ "ARGS", NULL, &args },
		{ "CPUS", cpus, NULL },
		{ "MEMORY", o->memory, NULL },
		{ "DISK", str_eq(o->disk, "0") ? NULL : o->disk, NULL },
		{ "DEADLINE_SECONDS", deadline, NULL },
		{ "TTL_SECONDS", ttl, NULL },
		{ "RETRIES", retries, NULL },
		{ "SERVICE_ACCOUNT", o->service_account, NULL },
		{ "TOKEN_SECRET", o->token_secret, NULL },
		{ "AWS_SECRET", o->aws_secret, NULL },
		{ "CA_CONFIG_MAP", o->ca_config_map, NULL },
		{ "CACHE_CLAIM", o->cache_claim, NULL },
		{ "NODE_SELECTOR", NULL, &o->node_selector },
		{ "TOLERATIONS", NULL, &o->tolerations },
		{ 0 },
	};
	if (render_manifest(text.data, text.len, values, &out, err) < 0)
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
	.usage = "[compare] --image IMAGE [flags] -- --from-version=V --to-version=V [flags of the Job]",
	.summary = "Fill a Kubernetes Job template; the manifest goes to standard output.",
	.table = render_table,
	.run = run,
};
