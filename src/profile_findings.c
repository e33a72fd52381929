#include "profile_findings.h"

#include "base/clock.h"
#include "base/text.h"

#define FEW_SAMPLES 1000 /* useful ones: a function of 1 % is known to a third */
#define SHORT_WINDOW_S 5 /* what happens every few seconds may be missed */
#define MUCH_IDLE 0.5
#define FEW_STARTS 0.1 /* calls whose caller has no start line */
#define LITTLE_KEPT 0.8
#define TOO_LITTLE_KEPT 0.5
#define NAME_COLUMNS 500

void profile_findings_release(struct profile_findings *f)
{
	strlist_release(&f->unfit);
	strlist_release(&f->warnings);
	strlist_release(&f->gone);
}

double profile_share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

double profile_useful(const struct profile_findings *f)
{
	return f->spent.total - f->spent.gc - f->spent.idle;
}

const char *profile_verdict(const struct profile_findings *f)
{
	return f->unfit.len ? "unfit" : f->warnings.len ? "weak" : "fit";
}

static void judge_samples(long long min_samples, struct profile_findings *f)
{
	const struct pprof_spent *s = &f->spent;
	double window_s = (double)f->facts.duration_ns / (double)NS_PER_SECOND;
	if (profile_useful(f) < (double)min_samples)
		strlist_addf(&f->unfit, "only %.0f samples of the program's own work; at least %lld are asked for",
			     profile_useful(f), min_samples);
	else if (profile_useful(f) < FEW_SAMPLES)
		strlist_addf(&f->warnings, "only %.0f samples of the program's own work: rare paths are known badly",
			     profile_useful(f));
	if (profile_share(s->idle, s->total) > MUCH_IDLE)
		strlist_addf(&f->warnings, "%.0f %% of the samples are idle: was there load?",
			     100 * profile_share(s->idle, s->total));
	if (!f->facts.duration_ns)
		strlist_add(&f->warnings, "it does not say how long it was taken");
	else if (window_s < SHORT_WINDOW_S)
		strlist_addf(&f->warnings, "a window of %.1f s: what happens every few seconds may be missing",
			     window_s);
	double without = profile_share(s->calls_without_start, s->calls);
	if (s->calls > 0 && without == 1) {
		strlist_add(&f->unfit,
			    "no function has a start line, without which the compiler matches no call (Go 1.20 "
			    "and later write them)");
	} else if (without > FEW_STARTS)
		strlist_addf(&f->warnings, "%.0f %% of the calls are in functions without a start line", 100 * without);
}

int profile_examine(const struct pprof *p, long long min_samples, struct profile_findings *f, struct error *err)
{
	struct error why = ERROR_INIT;
	if (pprof_check_cpu(p, &f->facts, &why) < 0) {
		if (why.kind != ERROR_USAGE) {
			*err = why;
			return -1;
		}
		return strlist_add(&f->unfit, why.message) < 0 ? error_oom(err) : 0;
	}
	f->is_cpu = true;
	pprof_spent(p, &f->spent);
	judge_samples(min_samples, f);
	return f->unfit.failed || f->warnings.failed ? error_oom(err) : 0;
}

static int add_gone(const struct pprof *p, struct profile_findings *f, struct error *err)
{
	for (size_t i = 0; i < f->kept.heaviest_len; i++) {
		const struct pprof_string *name = &p->strings[f->kept.heaviest[i].name];
		CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(64 << 10);
		text_add_line(&text, name->data, name->len, NAME_COLUMNS);
		if (strbuf_check(&text, err) < 0)
			return -1;
		strlist_add(&f->gone, text.data);
	}
	return strlist_check(&f->gone, err);
}

int profile_judge_kept(const struct pprof *p, const struct pprof_kept *k, const char *where, struct profile_findings *f,
		       struct error *err)
{
	f->kept = *k;
	f->has_kept = true;
	if (add_gone(p, f, err) < 0)
		return -1;
	double all = k->kept + k->gone, flat = profile_share(k->kept, all);
	double calls = profile_share(k->calls_kept, k->calls_kept + k->calls_gone);
	if (all <= 0)
		strlist_addf(&f->unfit,
			     "no sample is in a function that %s could have: it is the profile of another program",
			     where);
	else if (flat < TOO_LITTLE_KEPT)
		strlist_addf(&f->unfit, "%s has no more than %.1f %% of the code that the profile is about", where,
			     100 * flat);
	else if (flat < LITTLE_KEPT)
		strlist_addf(&f->warnings, "%s has %.1f %% of the code that the profile is about", where, 100 * flat);
	if (flat >= TOO_LITTLE_KEPT && k->calls_kept + k->calls_gone > 0 && calls < LITTLE_KEPT)
		strlist_addf(&f->warnings, "%s has %.1f %% of the calls that the profile is about", where, 100 * calls);
	return f->unfit.failed || f->warnings.failed ? error_oom(err) : 0;
}
