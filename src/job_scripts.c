/* The folder that scripts are taken from, if there is one: the user's, or a commit of a repository. */
#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/scripts.h"
#include "benchmarker/workload.h"
#include "command.h"
#include "job.h"

#include <string.h>

static int fetch(struct job *j, struct error *err)
{
	const struct options *o = j->o;
	struct scripts_spec spec = {
		.repository = o->scripts_repository ? o->scripts_repository : SCRIPTS_REPOSITORY,
		.version = o->scripts_version ? o->scripts_version : SCRIPTS_VERSION,
		.cache = j->cache,
	};
	log_progress(-1, "fetch the Lua scripts %.12s of %s", spec.version, spec.repository);
	if (!(j->scripts = str_printf(err, "%s/scripts", j->work)))
		return -1;
	if (scripts_fetch(&spec, j->scripts, &j->scripts_commit, err) < 0)
		return error_wrap(err, "Lua scripts (without --use-dolthub-lua-scripts-repo dbdyno's own are run)");
	return 0;
}

/* What was checked before anything started, now that the scripts are there. */
static int check_fetched(struct job *j, struct error *err)
{
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	options_check_tests(j->o, j->scripts, &problems);
	if (command_problems(&problems, err) < 0)
		return error_wrap(err, "Lua scripts at %.12s", j->scripts_commit);
	return 0;
}

/* Says what runs, so that nobody takes one's own script for another's. */
static int say_sources(const struct job *j, struct error *err)
{
	CLEANUP(strbuf) struct strbuf found = STRBUF_INIT(1 << 16);
	for (size_t i = 0; i < j->tests.len; i++) {
		CLEANUP(workload_script) struct workload_script script = WORKLOAD_SCRIPT_INIT;
		struct tpcc tpcc;
		if (options_tpcc(j->o, j->tests.items[i], j->scripts, &tpcc)) {
			if (tpcc.script_dir)
				strbuf_addf(&found, "%s%s", found.len ? ", " : "", j->tests.items[i]);
			continue;
		}
		if (workload_open(&script, j->tests.items[i], j->scripts,
				  j->sides[0].engine.protocol == PROTOCOL_POSTGRES, err) < 0)
			return -1;
		if (script.workload.unknown_tables)
			strbuf_addf(&found, "%s%s", found.len ? ", " : "", script.name);
	}
	if (strbuf_check(&found, err) < 0)
		return -1;
	log_info("from %s: %s", j->scripts_commit ? j->scripts_commit : j->scripts,
		 found.len ? found.data : "none of the tests");
	return 0;
}

int job_add_load_options(const struct job *j, struct job_side *s, struct error *err)
{
	for (size_t i = 0; i < j->o->sysbench_options.len; i++)
		strlist_addf(&s->engine.load_options, "--%s", j->o->sysbench_options.items[i]);
	return strlist_check(&s->engine.load_options, err);
}

int job_scripts(struct job *j, struct error *err)
{
	const struct options *o = j->o;
	for (size_t s = 0; s < j->sides_len; s++)
		if (job_add_load_options(j, &j->sides[s], err) < 0)
			return -1;
	/* Today's TPC-C Jobs ask for the repository too, which holds nothing of it. */
	bool needless = o->with_tpcc && !o->scripts_repository;
	if ((!o->use_scripts_repository || needless) && !o->script_dir)
		return 0;
	if (o->use_scripts_repository) {
		if (fetch(j, err) < 0 || check_fetched(j, err) < 0)
			return -1;
	} else if (!(j->scripts = fs_absolute(o->script_dir, err))) {
		return -1;
	}
	return scripts_hash(j->scripts, j->scripts_sha256, err) < 0 ? -1 : say_sources(j, err);
}
