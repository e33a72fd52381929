/* What people read of a bisection. */
#include "base/fs.h"
#include "base/log.h"
#include "benchmarker/report.h"
#include "benchmarker/report_bisect.h"
#include "bisect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct build_commit *commit_of(const struct bisect_job *b, size_t k)
{
	return &b->history.commits[k];
}

/* Commits that are left: the shortest run with the confidence asked for. */
static size_t left(const struct bisect_job *b)
{
	return b->decision.range_high - b->decision.range_low;
}

void bisect_say_start(const struct bisect_job *b, bool again)
{
	size_t n = b->history.len - 1;
	log_info("%s: %s", again ? "going on with the bisection in" : "bisection in", b->out);
	log_info("good %.12s (%s)", commit_of(b, 0)->sha, commit_of(b, 0)->subject);
	log_info("bad  %.12s (%s)", commit_of(b, n)->sha, commit_of(b, n)->subject);
	if (b->history.in_all > n && !b->o->paths.len)
		log_info("%zu commits after good on bad's own line; what merges brought in, %zu more, counts as theirs",
			 n, b->history.in_all - n);
	else
		log_info("%zu commits after good%s", n, b->o->paths.len ? " that touch the paths, and bad" : "");
	if (again)
		log_info("%zu steps are there already", b->steps_len);
	if (again && b->first_max > BISECT_FIRST_MAX && bisect_job_bad_measured(b) == b->steps_len)
		log_info("bad was not found to be slower than good by them: it is measured up to %zu times in all",
			 b->first_max);
	if (!again)
		log_info("about %.0f measurements, some more if they scatter", 1 + ceil(log2((double)n)));
}

void bisect_say_next(const struct bisect_job *b)
{
	const struct bisect_decision *d = &b->decision;
	const struct build_commit *c = commit_of(b, d->next);
	static const char *const why[] = {
		[BISECT_WHY_FIRST] = "is bad slower than good at all?",
		[BISECT_WHY_SPLIT] = "it tells most about what is left",
		[BISECT_WHY_AGAIN] = "once more, since it is not certain yet",
		[BISECT_WHY_BEND] = "once more, since one of the measurements fits no single change",
	};
	log_info("step %zu: %.12s (%s): %s", b->steps_len + 1, c->sha, c->subject, why[d->why]);
}

void bisect_say_step(const struct bisect_job *b, const struct bisect_step *s)
{
	const struct bisect_decision *d = &b->decision;
	const char *sha = commit_of(b, s->commit)->sha;
	CLEANUP(strbuf) struct strbuf state = STRBUF_INIT(256);
	if (s->skipped) {
		log_info("step %zu: %.12s is skipped: %s", b->steps_len, sha, s->skipped);
		return;
	}
	report_bisect_add_state(b->slow[s->commit], &state);
	if (s->commit == b->history.len - 1) {
		strbuf_reset(&state);
		strbuf_adds(&state, d->high == 0 || d->action == BISECT_NO_DIFFERENCE || d->why == BISECT_WHY_FIRST
					    ? "not certain"
					    : "slow");
	}
	log_info("step %zu: %.12s: %.3f (%.3f to %.3f) of good's %s → %s", b->steps_len, sha, s->ratio, s->low, s->high,
		 metric_name((enum metric)b->o->metric), state.data);
	if (d->action == BISECT_MEASURE && left(b) > 1)
		log_info("        %zu left: %.12s to %.12s", left(b), commit_of(b, d->range_low + 1)->sha,
			 commit_of(b, d->range_high)->sha);
}

static void make_report(const struct bisect_job *b, struct report_bisect_step *steps, struct report_bisect *ret)
{
	for (size_t i = 0; i < b->steps_len; i++)
		steps[i] = (struct report_bisect_step){ b->steps[i].commit, b->steps[i].ratio, b->steps[i].low,
							b->steps[i].high, b->steps[i].skipped };
	*ret = (struct report_bisect){ .test = b->test,
				       .metric = (enum metric)b->o->metric,
				       .confidence = b->o->confidence,
				       .history = &b->history,
				       .decision = &b->decision,
				       .steps = steps,
				       .steps_len = b->steps_len,
				       .slow = b->slow };
}

int bisect_say_answer(const struct bisect_job *b, struct error *err)
{
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(REPORT_MAX_BYTES), markdown = STRBUF_INIT(REPORT_MAX_BYTES);
	AUTO_FREE struct report_bisect_step *steps = calloc(b->steps_len + 1, sizeof *steps);
	AUTO_FREE char *path = str_printf(err, "%s/bisect.md", b->out);
	AUTO_FREE char *json = b->o->common.json ? bisect_state_text(b, err) : NULL;
	struct report_bisect report;
	if (!steps)
		return error_oom(err);
	if (!path || (b->o->common.json && !json))
		return -1;
	make_report(b, steps, &report);
	if (report_bisect_text(&report, &text, err) < 0 || report_bisect_markdown(&report, &markdown, err) < 0 ||
	    fs_write_atomic(path, markdown.data, markdown.len, 0600, err) < 0)
		return -1;
	if (fputs(json ? json : text.data, stdout) < 0 || (json && putchar('\n') < 0) || fflush(stdout))
		return error_errno(err, ERROR_INTERNAL, "write the answer");
	log_info("report: %s", path);
	return 0;
}
