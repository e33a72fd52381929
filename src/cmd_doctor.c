/* dbdyno doctor: is this machine, pod or image fit to measure, what is missing, and with --noise, what can it resolve?
 */
#include "doctor.h"
#include "job_command.h"

#include <cjson/cJSON.h>
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

static int run(int argc, const char *const *argv, struct error *err)
{
	struct options o = { 0 };
	bool done = false;
	CLEANUP(strlist) struct strlist problems = STRLIST_INIT;
	int result = command_parse(&command_doctor, &o, argc, argv, NULL, &problems, &done, err);
	if (result == 0 && !done) {
		options_log_init(&o);
		result = command_problems(&problems, err) < 0 ? -1 : examine(&o, err);
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
