#include "why_data.h"

#include "base/fs.h"
#include "base/text.h"
#include "profile_files.h"
#include "profiler/flame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTIONS_MAX 50
#define FLAME_FRAMES 300 /* a page may hold several graphs */
#define NAME_COLUMNS 500
#define US_PER_NS 1e-3

static void release_one(struct report_why *w)
{
	for (size_t i = 0; i < w->functions_len; i++)
		free((char *)w->functions[i].name);
	free((struct report_function *)w->functions);
	free((char *)w->svg);
	free((char *)w->error);
}

void why_data_release(struct why_data *d)
{
	for (size_t i = 0; i < d->len; i++)
		release_one(&d->whys[i]);
	free(d->whys);
	*d = (struct why_data)WHY_DATA_INIT;
}

static struct report_cpu cpu_of(const struct diff_figure *f)
{
	return (struct report_cpu){ .from_us = f->from * US_PER_NS,
				    .to_us = f->to * US_PER_NS,
				    .delta_us = f->delta * US_PER_NS,
				    .error_us = f->error * US_PER_NS,
				    .significant = f->significant };
}

static int add_function(struct report_why *w, struct report_function *all, const struct diff_row *row,
			struct error *err)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(PPROF_MAX_INFLATED_BYTES), line = STRBUF_INIT(64 << 10);
	frame_describe(&row->key, &name);
	text_add_line(&line, name.data, name.len, NAME_COLUMNS);
	char *text = strbuf_check(&name, err) < 0 ? NULL : strbuf_take(&line, err);
	if (!text)
		return -1;
	all[w->functions_len++] =
		(struct report_function){ .name = text, .own = cpu_of(&row->flat), .with_callees = cpu_of(&row->cum) };
	return 0;
}

/* The rows are sorted by size: first those that are more than chance, then the others. */
static int add_functions(struct report_why *w, const struct diff *d, struct error *err)
{
	struct report_function *all = calloc(FUNCTIONS_MAX, sizeof *all);
	if (!all)
		return error_oom(err);
	w->functions = all;
	for (int sure = 1; sure >= 0; sure--)
		for (uint32_t i = 0; i < d->n && w->functions_len < FUNCTIONS_MAX; i++)
			if (d->rows[i].flat.significant == sure && d->rows[i].flat.delta != 0 &&
			    add_function(w, all, &d->rows[i], err) < 0)
				return -1;
	return 0;
}

static int add_flame(struct report_why *w, const struct pprof *from, const struct pprof *to,
		     const struct diff_spec *diff, struct error *err)
{
	CLEANUP(strbuf) struct strbuf svg = STRBUF_INIT(FLAME_MAX_BYTES);
	struct flame_spec spec = { .title = "CPU per transaction, to against from",
				   .per = DIFF_PER_WORK,
				   .from_work = diff->from_work,
				   .to_work = diff->to_work,
				   .max_frames = FLAME_FRAMES };
	if (flame_svg(from, to, &spec, &svg, err) < 0)
		return -1;
	return (w->svg = strbuf_take(&svg, err)) ? 0 : -1;
}

static int compare(struct report_why *w, const struct pprof *from, const struct pprof *to, struct error *err)
{
	CLEANUP(diff) struct diff d = DIFF_INIT;
	struct diff_spec spec = { .per = DIFF_PER_WORK,
				  .from_work = (double)w->from_transactions,
				  .to_work = (double)w->to_transactions,
				  .own = true };
	if (diff_make(from, to, &spec, &d, err) < 0)
		return -1;
	static const char ns[] = "nanoseconds";
	if (d.unit.len != strlen(ns) || memcmp(d.unit.data, ns, d.unit.len) != 0)
		return error_set(err, ERROR_USAGE, "the profiles are not of CPU time");
	w->all = cpu_of(&d.total);
	return add_functions(w, &d, err) < 0 ? -1 : add_flame(w, from, to, &spec, err);
}

/* The file that the run recorded, byte for byte. */
static int read_profile(const char *folder, const struct results_profile *p, struct pprof *ret, struct error *err)
{
	char sha256[65];
	if (!p->file || *p->file == '/' || strstr(p->file, ".."))
		return error_set(err, ERROR_USAGE, "a profile's file lies outside the run's folder");
	AUTO_FREE char *path = str_printf(err, "%s/%s", folder, p->file);
	if (!path)
		return -1;
	if (!fs_exists(path))
		return error_set(err, ERROR_USAGE, "%s is not there", p->file);
	if (fs_sha256(path, sha256, err) < 0)
		return -1;
	if (!p->sha256 || strcmp(sha256, p->sha256) != 0)
		return error_set(err, ERROR_USAGE, "%s is not what the run stored: its SHA-256 differs", p->file);
	return profile_read_file(path, ret, err);
}

static int explain(struct report_why *w, const char *folder, const struct results_profile *from,
		   const struct results_profile *to, struct error *err)
{
	CLEANUP(pprof) struct pprof a = PPROF_INIT, b = PPROF_INIT;
	*w = (struct report_why){ .test = from->test,
				  .from_samples = from->samples,
				  .to_samples = to->samples,
				  .from_transactions = from->transactions,
				  .to_transactions = to->transactions,
				  .from_file = from->file,
				  .to_file = to->file };
	return read_profile(folder, from, &a, err) < 0 || read_profile(folder, to, &b, err) < 0
		       ? -1
		       : compare(w, &a, &b, err);
}

static const struct results_profile *find_to(const struct results_profile *profiles, size_t len, const char *test)
{
	for (size_t i = 0; i < len; i++)
		if (profiles[i].side == SIDE_TO && profiles[i].transactions && str_eq(profiles[i].test, test))
			return &profiles[i];
	return NULL;
}

/* What cannot be compared is said in its test's place. */
static int add_test(struct why_data *d, const char *folder, const struct results_profile *from,
		    const struct results_profile *to, struct error *err)
{
	struct report_why *w = &d->whys[d->len++];
	struct error e = ERROR_INIT;
	if (explain(w, folder, from, to, &e) == 0)
		return 0;
	release_one(w);
	*w = (struct report_why){ .test = from->test,
				  .error = str_printf(err, "the profiles cannot be compared: %s", e.message) };
	return w->error ? 0 : -1;
}

int why_data_load(struct why_data *ret, const char *folder, const struct results_profile *profiles, size_t len,
		  struct error *err)
{
	CLEANUP(why_data) struct why_data d = WHY_DATA_INIT;
	d.whys = calloc(len + 1, sizeof *d.whys);
	if (!d.whys)
		return error_oom(err);
	for (size_t i = 0; i < len; i++) {
		const struct results_profile *from = &profiles[i];
		const struct results_profile *to = from->test ? find_to(profiles, len, from->test) : NULL;
		if (from->side == SIDE_FROM && from->transactions && to && add_test(&d, folder, from, to, err) < 0)
			return -1;
	}
	*ret = d;
	d = (struct why_data)WHY_DATA_INIT;
	return 0;
}
