/* dbdyno doctor: is this machine, pod or image fit to measure, what is missing, and with --noise, what can it resolve?
 */
#include "doctor.h"
#include "job_command.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>

static void print_findings(const struct machine_findings *f)
{
	for (size_t i = 0; i < f->len; i++) {
		const struct machine_finding *x = &f->items[i];
		printf("%-5s  %-10s  %s\n", machine_level_name(x->level), x->about, x->text);
		if (x->help)
			printf("%-5s  %-10s  would help: %s\n", "", "", x->help);
	}
}

static bool add_finding(cJSON *list, const struct machine_finding *f)
{
	cJSON *o = cJSON_CreateObject();
	if (!o || !cJSON_AddItemToArray(list, o)) {
		cJSON_Delete(o);
		return false;
	}
	return cJSON_AddStringToObject(o, "level", machine_level_name(f->level)) &&
	       cJSON_AddStringToObject(o, "about", f->about) && cJSON_AddStringToObject(o, "text", f->text) &&
	       (f->help ? cJSON_AddStringToObject(o, "help", f->help) : cJSON_AddNullToObject(o, "help"));
}

static int add_findings(cJSON *root, const struct machine_findings *f, struct error *err)
{
	cJSON *list = cJSON_AddArrayToObject(root, "findings");
	bool ok = list && cJSON_AddStringToObject(root, "verdict", machine_level_name(machine_worst(f)));
	for (size_t i = 0; ok && i < f->len; i++)
		ok = add_finding(list, &f->items[i]);
	return ok ? 0 : error_oom(err);
}

static int print_json(const struct machine_findings *f, struct error *err)
{
	cJSON *root = cJSON_CreateObject();
	int result = root ? add_findings(root, f, err) : error_oom(err);
	AUTO_FREE char *text = result == 0 ? cJSON_Print(root) : NULL;
	cJSON_Delete(root);
	if (result == 0 && !text)
		return error_oom(err);
	if (text)
		printf("%s\n", text);
	return result;
}

static int examine(const struct options *o, struct error *err)
{
	CLEANUP(machine_findings) struct machine_findings f = { 0 };
	if (doctor_examine(o, &f, err) < 0)
		return -1;
	if (o->json && print_json(&f, err) < 0)
		return -1;
	if (!o->json)
		print_findings(&f);
	if (fflush(stdout))
		return error_errno(err, ERROR_INTERNAL, "write the findings");
	return machine_worst(&f) == MACHINE_UNFIT
		       ? error_set(err, ERROR_INTERNAL, "this machine is not fit to measure on")
		       : 0;
}

static void print_duration(double seconds)
{
	if (isnan(seconds))
		printf("more than a day");
	else if (seconds < 90)
		printf("%.0f s", seconds);
	else if (seconds < 90 * 60)
		printf("%.0f min", seconds / 60);
	else
		printf("%.1f h", seconds / 3600);
}

/* "12 %" or "–". */
static void print_share(double fraction)
{
	if (isfinite(fraction))
		printf("%.*f %%", fraction < 0.0995 ? 1 : 0, 100 * fraction);
	else
		printf("–");
}

static void print_test(const char *name, const struct doctor_test *t)
{
	printf("%s: ", name);
	for (size_t i = 0; i < DOCTOR_PRECISIONS; i++) {
		printf("%s±%.0f %% in ", i ? ", " : "", 100 * doctor_precisions[i]);
		print_duration(t->needed_seconds[i]);
	}
	printf("\n  here ±");
	print_share(t->half_width);
	printf(" in ");
	print_duration(t->seconds);
	printf("; start-to-start variation ");
	print_share(t->estimate.start_sd);
	if (t->estimate.starts < STATISTICS_STARTS_MIN)
		printf(" (assumed: the time was too short for %d starts)", STATISTICS_STARTS_MIN);
	printf(", slice noise ");
	print_share(t->slice_sd);
	printf("%s\n", t->estimate.low > 1 || t->estimate.high < 1
			       ? "; it differs from itself, as one in twenty does: look at the report"
			       : "");
}

static void print_noise(const struct doctor_noise *n)
{
	for (size_t i = 0; i < n->len; i++)
		print_test(n->names.items[i], &n->tests[i]);
	printf("machine: steal ");
	print_share(n->machine.steal_median);
	printf(", other processes ");
	print_share(n->machine.others_median);
	printf(", throttled ");
	print_share(n->machine.throttled);
	printf("\n");
	for (size_t i = 0; i < n->advice.len; i++)
		printf("machine: %s\n", n->advice.items[i]);
	printf("report: %s/report.html\n", n->out);
}

static bool add_number(cJSON *o, const char *name, double value)
{
	return isfinite(value) ? cJSON_AddNumberToObject(o, name, value) != NULL
			       : cJSON_AddNullToObject(o, name) != NULL;
}

static bool add_test(cJSON *list, const char *name, const struct doctor_test *t)
{
	cJSON *o = cJSON_CreateObject();
	if (!o || !cJSON_AddItemToArray(list, o)) {
		cJSON_Delete(o);
		return false;
	}
	bool ok = cJSON_AddStringToObject(o, "name", name) && add_number(o, "half_width_fraction", t->half_width) &&
		  add_number(o, "seconds", t->seconds) && add_number(o, "ratio", t->estimate.ratio) &&
		  add_number(o, "low_95", t->estimate.low) && add_number(o, "high_95", t->estimate.high) &&
		  add_number(o, "starts", (double)t->estimate.starts) &&
		  add_number(o, "start_sd_fraction", t->estimate.start_sd) &&
		  add_number(o, "slice_sd_fraction", t->slice_sd);
	cJSON *needed = cJSON_AddArrayToObject(o, "resolves");
	for (size_t i = 0; ok && needed && i < DOCTOR_PRECISIONS; i++) {
		cJSON *step = cJSON_CreateObject();
		ok = step && cJSON_AddItemToArray(needed, step) &&
		     add_number(step, "precision_fraction", doctor_precisions[i]) &&
		     add_number(step, "seconds", t->needed_seconds[i]);
	}
	return ok && needed;
}

static int print_noise_json(const struct doctor_noise *n, struct error *err)
{
	cJSON *root = cJSON_CreateObject(), *tests = cJSON_AddArrayToObject(root, "tests"),
	      *advice = cJSON_AddArrayToObject(root, "advice");
	bool ok = tests && advice && cJSON_AddStringToObject(root, "folder", n->out) &&
		  add_number(root, "steal_fraction_median", n->machine.steal_median) &&
		  add_number(root, "others_fraction_median", n->machine.others_median) &&
		  add_number(root, "throttled_fraction", n->machine.throttled);
	for (size_t i = 0; ok && i < n->len; i++)
		ok = add_test(tests, n->names.items[i], &n->tests[i]);
	for (size_t i = 0; ok && i < n->advice.len; i++)
		ok = cJSON_AddItemToArray(advice, cJSON_CreateString(n->advice.items[i]));
	AUTO_FREE char *text = ok ? cJSON_Print(root) : NULL;
	cJSON_Delete(root);
	if (!text)
		return error_oom(err);
	printf("%s\n", text);
	return 0;
}

static int measure_noise(const struct options *o, struct error *err)
{
	CLEANUP(doctor_noise) struct doctor_noise n = { 0 };
	if (doctor_measure_noise(o, &n, err) < 0)
		return -1;
	if (o->json && print_noise_json(&n, err) < 0)
		return -1;
	if (!o->json)
		print_noise(&n);
	return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write the noise") : 0;
}

static int run(int argc, const char *const *argv, struct error *err)
{
	struct options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&command_doctor, &o, argc, argv, NULL, &problems, &done, err);
	if (result == 0 && !done) {
		options_log_init(&o);
		result = command_problems(&problems, err) < 0 ? -1
			 : o.noise                            ? measure_noise(&o, err)
							      : examine(&o, err);
	}
	opt_release(doctor_table, &o);
	return result;
}

const struct command command_doctor = {
	.name = "doctor",
	.usage = "[flags]",
	.summary = "Is this machine, pod or image fit to measure, and what is missing?",
	.table = doctor_table,
	.run = run,
};
