/* dbdyno doctor --noise: one program compared with itself, and what its noise says of other comparisons here. */
#include "base/fs.h"
#include "demo_repository.h"
#include "doctor.h"
#include "job_command.h"
#include "run_data.h"

#include <math.h>

#define DAY_SECONDS 86400

const double doctor_precisions[DOCTOR_PRECISIONS] = { 0.05, 0.02, 0.01 };

void doctor_noise_release(struct doctor_noise *n)
{
	strlist_release(&n->names);
	free(n->tests);
	strlist_release(&n->advice);
	free(n->out);
	*n = (struct doctor_noise){ 0 };
}

/* The small database, out of this program, as a commit to be built on both sides. */
static int add_embedded(const char *out, struct strlist *argv, struct error *err)
{
	AUTO_FREE char *repository = str_printf(err, "%s-repository", out), *good = NULL, *slow = NULL;
	if (!repository || demo_repository_make(repository, &good, &slow, err) < 0)
		return error_wrap(err, "make the embedded database's repository");
	static const char *const sides[] = { "from", "to" };
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		strlist_addf(argv, "--%s-repository=%s", sides[i], repository);
		strlist_addf(argv, "--%s-version=%s", sides[i], good);
	}
	return 0;
}

/* The flags of the comparison. */
static int add_flags(const struct options *o, const char *out, struct strlist *argv, struct error *err)
{
	static const char *const defaults[] = { "oltp_read_only", "oltp_write_only" };
	size_t tests = o->tests.len ? o->tests.len : ARRAY_SIZE(defaults);
	for (size_t i = 0; i < tests; i++)
		strlist_addf(argv, "--test=%s", o->tests.len ? o->tests.items[i] : defaults[i]);
	strlist_addf(argv, "--budget=%.3f", (double)o->test_time_ns / 1e9);
	strlist_addf(argv, "--threads=%lld", o->threads);
	strlist_addf(argv, "--sysbench=%s", o->sysbench);
	strlist_addf(argv, "--out=%s", out);
	strlist_addf(argv, "--from-server=%s", o->from.server);
	strlist_addf(argv, "--to-server=%s", o->from.server);
	if (o->cache)
		strlist_addf(argv, "--cache=%s", o->cache);
	if (o->work_dir)
		strlist_addf(argv, "--dir=%s", o->work_dir);
	if (o->from.exec) {
		strlist_addf(argv, "--from-exec=%s", o->from.exec);
		strlist_addf(argv, "--to-exec=%s", o->from.exec);
	} else if (str_eq(o->from.server, "gms") && add_embedded(out, argv, err) < 0) {
		return -1;
	}
	return strlist_check(argv, err);
}

static int run_comparison(const struct options *doctor, const char *out, struct error *err)
{
	CLEANUP(strlist) struct strlist argv = STRLIST_INIT, problems = STRLIST_INIT;
	struct options o = { 0 };
	struct opt_source source = { .getenv = opt_no_environment };
	if (add_flags(doctor, out, &argv, err) < 0)
		return -1;
	int result = opt_parse(compare_table, &o, (int)argv.len, strlist_array(&argv), &source, NULL, &problems);
	if (result == 0) {
		options_settle(compare_table, &o);
		options_check(&o, "compare", &problems);
	}
	result = command_problems(&problems, err);
	o.is_part = true;
	if (result == 0)
		result = options_record(&o, "compare", (int)argv.len, strlist_array(&argv), err);
	if (result == 0)
		result = job_run("compare", job_compare_stages, &o, NULL, err);
	options_release(compare_table, &o);
	AUTO_FREE char *repository = str_printf(NULL, "%s-repository", out); /* built by now */
	if (repository)
		fs_remove_tree(repository, NULL);
	return result;
}

static double deviation(const double *values, size_t n)
{
	double sum = 0, squares = 0;
	for (size_t i = 0; i < n; i++)
		sum += values[i];
	for (size_t i = 0; i < n; i++)
		squares += (values[i] - sum / (double)n) * (values[i] - sum / (double)n);
	return n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
}

/* When the servers' first and last start was first under load, and when the load of all was over. */
struct span {
	uint32_t first, last;
	uint64_t first_ns, last_ns, end_ns;
};

static void span_add(struct span *s, uint32_t start, const struct sample *sample)
{
	if (s->end_ns == 0 || start < s->first || (start == s->first && sample->begin_ns < s->first_ns)) {
		s->first = start;
		s->first_ns = sample->begin_ns;
	}
	if (s->end_ns == 0 || start > s->last || (start == s->last && sample->begin_ns < s->last_ns)) {
		s->last = start;
		s->last_ns = sample->begin_ns;
	}
	s->end_ns = sample->end_ns > s->end_ns ? sample->end_ns : s->end_ns;
}

/* From one start to the next, so with all its set-up; of a single one it is not known. */
static double seconds_of_start(const struct span *s)
{
	return (s->last > s->first ? (double)(s->last_ns - s->first_ns) / (double)(s->last - s->first)
				   : (double)(s->end_ns - s->first_ns)) /
	       1e9;
}

static int read_test(struct results *r, const struct report_test *t, struct doctor_test *ret, struct span *span,
		     struct error *err)
{
	CLEANUP(results_pairs) struct results_pairs pairs = { 0 };
	const struct statistics_spec spec = { .pairing = PAIRING_INTERLEAVED };
	struct comparison c;
	if (results_load_pairs(r, t->name, &pairs, err) < 0 ||
	    statistics_compare(pairs.pairs, pairs.pairs_len, &spec, &c, err) < 0)
		return -1;
	for (size_t i = 0; i < pairs.pairs_len; i++) {
		span_add(span, pairs.pairs[i].start, pairs.pairs[i].from);
		span_add(span, pairs.pairs[i].start, pairs.pairs[i].to);
	}
	ret->estimate = c.metrics[METRIC_THROUGHPUT];
	/* A pair's log-ratio has the noise of two slices. */
	ret->slice_sd = deviation(t->pair_log_ratios, t->pair_log_ratios_len) / sqrt(2);
	return 0;
}

/* How long until its interval is that narrow, with more starts like those that were. */
static void project(struct doctor_test *t, double start_seconds)
{
	t->seconds = start_seconds * (double)t->estimate.starts;
	t->half_width = statistics_half_width(&t->estimate);
	for (size_t i = 0; i < DOCTOR_PRECISIONS; i++) {
		double starts = statistics_starts_needed(&t->estimate, false, doctor_precisions[i]);
		bool useful = t->estimate.starts && starts < STATISTICS_NEEDED_MAX; /* NAN: false */
		double seconds = useful ? starts * start_seconds : NAN;
		t->needed_seconds[i] = seconds <= DAY_SECONDS ? seconds : (double)NAN;
	}
}

static int read_noise(const char *out, struct doctor_noise *n, struct error *err)
{
	CLEANUP(run_data) struct run_data d = RUN_DATA_INIT;
	AUTO_FREE char *path = str_printf(err, "%s/results.db", out);
	struct results *r = NULL;
	struct span span = { 0 };
	if (!path || results_open_read(path, &r, err) < 0)
		return -1;
	int result = run_data_load(&d, r, NULL, err);
	n->tests = calloc(d.report.tests_len + 1, sizeof *n->tests);
	if (result == 0 && !n->tests)
		result = error_oom(err);
	for (size_t i = 0; result == 0 && i < d.report.tests_len; i++) {
		const struct report_test *t = &d.report.tests[i];
		if (t->error)
			continue;
		strlist_add(&n->names, t->name);
		result = read_test(r, t, &n->tests[n->len++], &span, err);
	}
	results_close(r);
	if (result < 0)
		return -1;
	for (size_t i = 0; i < n->len; i++)
		project(&n->tests[i], seconds_of_start(&span) / (double)n->len);
	n->machine = d.report.usage.machine;
	return machine_advice(&n->machine, &n->advice, err) < 0 ? -1 : strlist_check(&n->names, err);
}

int doctor_measure_noise(const struct options *o, struct doctor_noise *ret, struct error *err)
{
	char id[40];
	CLEANUP(doctor_noise) struct doctor_noise n = { 0 };
	if (job_new_id(id, err) < 0)
		return -1;
	AUTO_FREE char *asked = o->out ? str_dup(o->out, err) : str_printf(err, "out/%s", id);
	if (!asked || fs_mkdirs(asked, 0700, err) < 0 || !(n.out = fs_absolute(asked, err)))
		return -1;
	if (run_comparison(o, n.out, err) < 0 || read_noise(n.out, &n, err) < 0)
		return error_wrap(err, "compare a server with itself");
	*ret = n;
	n = (struct doctor_noise){ 0 };
	return 0;
}
