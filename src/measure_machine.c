#include "measure_machine.h"

void machine_log_open(struct machine_log *l, const char *root)
{
	l->watch = (struct machine_watch)MACHINE_WATCH_INIT;
	l->count = 0;
	machine_watch_open(&l->watch, root);
}

void machine_log_release(struct machine_log *l)
{
	machine_watch_release(&l->watch);
}

void machine_log_begin(struct machine_log *l, const struct machine_subject *subjects, size_t len)
{
	machine_watch_read(&l->watch, subjects, len, l->begin);
}

void machine_log_end(struct machine_log *l, const struct machine_subject *subjects, struct sample *const *samples,
		     size_t len)
{
	struct machine_usage slices[2];
	machine_watch_end(&l->watch, subjects, len, l->begin, slices);
	for (size_t i = 0; i < len; i++) {
		samples[i]->machine = slices[i];
		l->slices[l->count++ % MACHINE_LOG_SLICES] = slices[i];
	}
}

int machine_log_judge(const struct machine_log *l, struct results *results, const char *test, const struct plan *plan,
		      const struct machine_usage *usage, uint32_t **ret, size_t *ret_len, struct error *err)
{
	struct machine_typical typical;
	size_t known = l->count < MACHINE_LOG_SLICES ? l->count : MACHINE_LOG_SLICES, n = 0;
	AUTO_FREE uint32_t *blocks = calloc(plan->len + 1, sizeof *blocks);
	if (!blocks)
		return error_oom(err);
	if (machine_usage_typical(l->slices, known, &typical, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->len; i++) {
		const char *reason;
		uint32_t block = plan->slices[i].block;
		if (!machine_usage_contaminated(&usage[i], &typical, &reason))
			continue;
		if (results_contaminate(results, test, plan->first + (uint32_t)i, reason, err) < 0)
			return -1;
		if (n == 0 || blocks[n - 1] != block)
			blocks[n++] = block;
	}
	*ret = TAKE(blocks);
	*ret_len = n;
	return 0;
}
