/* dbdyno pprof flame: a profile, or two, as a picture in a file. */
#include "base/fs.h"
#include "base/log.h"
#include "pprof_command.h"
#include "profile_store.h"
#include "profiler/flame.h"

#include <stdio.h>

struct flame_options {
	struct opt_seen seen;
	struct profile_store store;
	struct pprof_work work;
	char *out, *title, *type, *config;
	bool diff, quiet;
};

#define AT(member) offsetof(struct flame_options, member)

static const struct opt flame_table[] = {
	{ "out", OPT_STRING, AT(out), .aliases = "o", .value = "FILE", .flags = OPT_REQUIRED, .group = "Options",
	  .help = "the SVG; - is standard output" },
	{ "diff", OPT_BOOL, AT(diff), .help = "two profiles: red grew, blue shrank" },
	PPROF_WORK_OPTIONS(flame_options, work),
	{ "title", OPT_STRING, AT(title), .value = "TEXT", .help = "above the picture (the profile's name)" },
	{ "type", OPT_STRING, AT(type), .value = "NAME",
	  .help = "which of the profile's sample types: cpu, samples, inuse_space, … (the profile's default)" },
	{ "quiet", OPT_BOOL, AT(quiet), .help = "errors only on standard error" },
	{ "config", OPT_STRING, AT(config), .value = "FILE", .help = "JSON file with options, by flag name" },
	PROFILE_STORE_OPTIONS(flame_options, store),
	{ 0 },
};

static int check(const struct flame_options *o, const struct strlist *names, struct strlist *problems,
		 struct error *err)
{
	pprof_check_names(names, o->diff ? 2 : 1, problems);
	if (o->diff)
		pprof_check_work(&o->work, problems);
	else if (o->work.from > 0 || o->work.to > 0 || o->work.normalize)
		strlist_add(problems, "--from-work, --to-work and --normalize are for --diff");
	if (o->out && fs_is_dir(o->out))
		strlist_addf(problems, "--out: %s is a folder", o->out);
	return command_problems(problems, err);
}

static int draw(struct flame_options *o, const struct strlist *names, struct strbuf *out, struct error *err)
{
	CLEANUP(pprof) struct pprof from = PPROF_INIT, to = PPROF_INIT;
	AUTO_FREE char *title =
		o->diff ? str_printf(err, "%s → %s", names->items[0], names->items[1]) : str_dup(names->items[0], err);
	struct flame_spec spec = { .title = o->title ? o->title : title,
				   .type = o->type,
				   .per = pprof_work_per(&o->work),
				   .from_work = o->work.from,
				   .to_work = o->work.to,
				   .interactive = true };
	if (!title || (o->diff && profile_store_read(&o->store, names->items[0], &from, err) < 0) ||
	    profile_store_read(&o->store, names->items[o->diff], &to, err) < 0)
		return -1;
	if (flame_svg(o->diff ? &from : NULL, &to, &spec, out, err) < 0)
		return error_wrap(err, "draw %s", title);
	return 0;
}

static int flame(struct flame_options *o, const struct strlist *names, struct error *err)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(FLAME_MAX_BYTES);
	if (draw(o, names, &out, err) < 0)
		return -1;
	if (str_eq(o->out, "-"))
		return pprof_print(&out, err);
	if (fs_write_atomic(o->out, out.data, out.len, 0644, err) < 0)
		return -1;
	log_info("flame graph: %s, %zu bytes", o->out, out.len);
	return 0;
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct flame_options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist names = STRLIST_INIT;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&pprof_flame_command, &o, argc, argv, &names, &problems, &done, err);
	if (result == 0 && !done) {
		log_init(o.quiet ? LOG_QUIET : LOG_NORMAL, false);
		result = check(&o, &names, &problems, err) < 0 ? -1 : flame(&o, &names, err);
	}
	profile_store_release(&o.store);
	opt_release(flame_table, &o);
	return result;
}

const struct command pprof_flame_command = {
	.name = "pprof flame",
	.usage = "PROFILE --out FILE | --diff FROM TO --out FILE [flags]",
	.summary = "A profile, or the difference of two, as a picture (SVG).",
	.table = flame_table,
	.run = run,
};
