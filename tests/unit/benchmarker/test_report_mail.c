/* The report as a mail: text byte for byte against tests/data/report, html for what mail clients need. */
#include "benchmarker/report_mail.h"
#include "check.h"
#include "report_samples.h"

#include <stdlib.h>

struct forms {
	struct strbuf subject, text, html;
};

static void forms_release(struct forms *f)
{
	strbuf_release(&f->subject);
	strbuf_release(&f->text);
	strbuf_release(&f->html);
}

static void make(const struct report *r, struct forms *f)
{
	CLEANUP(mail_body) struct mail_body b = MAIL_BODY_INIT;
	*f = (struct forms){ STRBUF_INIT(4096), STRBUF_INIT(1 << 20), STRBUF_INIT(1 << 20) };
	check_ok(report_mail_subject(r, 100, &f->subject, err));
	check_ok(report_mail_begin(r, &b, err));
	check_ok(report_mail_end(r, &b, err));
	check_ok(mail_body_text(&b, &f->text, err));
	check_ok(mail_body_html(&b, f->subject.data, &f->html, err));
}

static void golden(const char *name, const struct strbuf *actual)
{
	static char expected[1 << 20];
	char path[512];
	const char *folder = getenv("TEST_DATA");
	if (!folder)
		fail_msg("TEST_DATA is not set: run by meson test");
	snprintf(path, sizeof path, "%s/report/%s", folder, name);
	AUTO_FCLOSE FILE *f = fopen(path, getenv("UPDATE_GOLDEN") ? "we" : "re");
	if (!f)
		fail_msg("no file %s", path);
	if (getenv("UPDATE_GOLDEN")) {
		assert_int_equal(fwrite(actual->data, 1, actual->len, f), actual->len);
		return;
	}
	expected[fread(expected, 1, sizeof expected - 1, f)] = 0;
	if (strcmp(expected, actual->data) != 0)
		fail_msg("%s differs; it is now:\n%s", path, actual->data);
}

static void texts(void **state)
{
	(void)state;
	const struct {
		const char *name, *subject;
		const struct report *report;
	} cases[] = {
		{ "slower.mail", "▼ gms 5d6e7f8 is slower than 1a2b3c4", sample_slower() },
		{ "failed.mail", "✕ failed: ", sample_failed() },
		{ "pgo.mail", "✕ interrupted: gms 5d6e7f8 with profile is faster", sample_pgo() },
		{ "empty.mail", "○ ", sample_empty() },
		{ "rate.mail", "▼ gms 5d6e7f8 is slower than 1a2b3c4", sample_rate() },
		{ "machine.mail", "▼ gms 5d6e7f8 is slower than 1a2b3c4", sample_machine() },
		{ "why.mail", "▼ gms 5d6e7f8 is slower than 1a2b3c4", sample_why() },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(forms) struct forms f;
		make(cases[i].report, &f);
		check_contains(f.subject.data, cases[i].subject);
		golden(cases[i].name, &f.text);
	}
}

static void what_mail_clients_need(void **state)
{
	(void)state;
	CLEANUP(forms) struct forms f;
	make(sample_slower(), &f);
	const char *headline = strstr(f.html.data, "<h1"), *table = strstr(f.html.data, "<table");
	assert_true(headline && table && headline < table);
	check_contains(f.html.data, ";color:#b34700;\">▼ slower</td>");
	static const char *const missing[] = { "<script", "<style", "<link", "<svg", "<img", "class=", "url(" };
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++)
		if (strstr(f.html.data, missing[i]))
			fail_msg("%s in %s", missing[i], f.html.data);
}

static void hostile_texts(void **state)
{
	(void)state;
	CLEANUP(forms) struct forms f;
	make(sample_hostile(), &f);
	assert_true(str_is_utf8(f.html.data, f.html.len) && str_is_utf8(f.subject.data, f.subject.len));
	assert_null(strstr(f.html.data, "<script"));
	for (const char *p = f.subject.data; *p; p++)
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(what_mail_clients_need),
		cmocka_unit_test(hostile_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
