/* Addresses, headers and limits of a mail. */
#include "check.h"
#include "net/mail.h"

static void good_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *address, *name;
	} cases[] = {
		{ "a@example.org", "a@example.org", NULL },
		{ "o'neil+bench.x@mail-1.example.org", "o'neil+bench.x@mail-1.example.org", NULL },
		{ "root@localhost", "root@localhost", NULL },
		{ "<a@example.org>", "a@example.org", NULL },
		{ "A Name <a@example.org>", "a@example.org", "A Name" },
		{ "  A Name<a@example.org>", "a@example.org", "A Name" },
		{ "\"Name, A\" <a@example.org>", "a@example.org", "Name, A" },
		{ "\"a \\\"b\\\" \\\\c\" <a@example.org>", "a@example.org", "a \"b\" \\c" },
		{ "Ünï <a@example.org>", "a@example.org", "Ünï" },
		{ "<b@example.org> <a@example.org>", "a@example.org", "<b@example.org>" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(mail_address) struct mail_address a = { 0 };
		check_ok(mail_address_parse(cases[i].text, &a, err));
		check_str(a.address, cases[i].address);
		if (cases[i].name)
			check_str(a.name, cases[i].name);
		else
			assert_null(a.name);
	}
}

static void bad_addresses(void **state)
{
	(void)state;
	char long_local[80], long_domain[300], long_name[300];
	memset(long_local, 'a', sizeof long_local);
	memcpy(long_local + 65, "@b.c", 5);
	memset(long_domain, 'd', sizeof long_domain);
	memcpy(long_domain, "a@", 2);
	long_domain[260] = 0;
	memset(long_name, 'n', sizeof long_name);
	memcpy(long_name + 250, "<a@b>", 6);
	const char *const cases[] = {
		"",
		"@",
		"a",
		"a@",
		"@b",
		"a@b@c",
		"a b@c",
		"a@b c",
		".a@b",
		"a.@b",
		"a..b@c",
		"a@.b",
		"a@b.",
		"a@-b",
		"a@b-",
		"a@b-.c",
		"a@b_c",
		"\"a b\"@c",
		"a@[127.0.0.1]",
		"a@b, c@d",
		"a@b;c@d",
		"a@b>",
		"<a@b",
		"é@b",
		"a@é",
		"a@b\r\nBcc: x@y",
		"N\nX: y <a@b>",
		"N\x7f <a@b>",
		"\xff <a@b>",
		"a@b\t",
		long_local,
		long_domain,
		long_name,
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(mail_address) struct mail_address a = { 0 };
		struct error err = ERROR_INIT;
		if (mail_address_parse(cases[i], &a, &err) == 0)
			fail_msg("\"%s\" was taken as %s", cases[i], a.address);
		assert_int_equal(err.kind, ERROR_USAGE);
	}
}

static void header_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *header;
		size_t column;
	} cases[] = {
		{ "plain text", "plain text", 9 },
		{ "▼ slower", "=?UTF-8?B?4pa8IHNsb3dlcg==?=", 9 },
		{ "=?UTF-8?B?eA==?=", "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?=", 9 },
		{ " a", "=?UTF-8?B?IGE=?=", 9 },
		/* whole characters to a word, one word a line */
		{ "éééééééééééééééééééééééééééééé",
		  "=?UTF-8?B?w6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6nDqcOpw6k=?=\r\n "
		  "=?UTF-8?B?w6nDqcOpw6nDqcOpw6nDqcOpw6nDqQ==?=",
		  9 },
		{ "é", "\r\n =?UTF-8?B?w6k=?=", 70 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(4096);
		mail_add_header_text(&out, cases[i].text, cases[i].column);
		check_str(out.data, cases[i].header);
	}
}

/* Whatever the text, no line is longer than 76 columns and each further one begins with a space. */
static void lines_stay_short(void **state)
{
	(void)state;
	static const char *const characters[] = { "a", "é", "→", "😀" };
	for (size_t c = 0; c < ARRAY_SIZE(characters); c++)
		for (size_t n = 1; n < 250; n += 7)
			for (size_t column = 0; column < 80; column += 13) {
				CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(4096), out = STRBUF_INIT(65536);
				for (size_t i = 0; i < n; i++)
					strbuf_adds(&text, characters[c]);
				mail_add_header_text(&out, text.data, column);
				size_t at = column;
				for (const char *p = out.data; *p; p++) {
					at = *p == '\n' ? 0 : at + (*p != '\r');
					assert_true(at <= 76 || p - out.data + column <= 79);
					assert_true(*p != '\n' || p[1] == ' ');
				}
			}
}

static void headers(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist to = STRLIST_INIT, cc = STRLIST_INIT, out = STRLIST_INIT;
	strlist_add(&to, "a@example.org");
	strlist_add(&to, "\"B, of \\\"C\\\"\" <b@example.org>");
	strlist_add(&cc, "Ünï <c@example.org>");
	const struct mail m = { .from = "bot <bot@example.org>",
				.to = &to,
				.cc = &cc,
				.reply_to = "team@example.org",
				.subject = "▲ faster",
				.text = "",
				.html = "",
				.date_unix = 1795394762,
				.id = "1f" };
	check_ok(mail_check(&m, err));
	check_ok(mail_make_headers(&m, &out, err));
	static const char *const expected[] = {
		"Date: Mon, 23 Nov 2026 00:46:02 +0000",
		"From: bot <bot@example.org>",
		"To: a@example.org,\r\n \"B, of \\\"C\\\"\" <b@example.org>",
		"Cc: =?UTF-8?B?w5xuw68=?= <c@example.org>",
		"Reply-To: team@example.org",
		"Subject: =?UTF-8?B?4payIGZhc3Rlcg==?=",
		"Message-ID: <1f@example.org>",
		"Auto-Submitted: auto-generated",
	};
	assert_int_equal(out.len, ARRAY_SIZE(expected));
	for (size_t i = 0; i < out.len; i++)
		check_str(out.items[i], expected[i]);
}

static void dates(void **state)
{
	(void)state;
	char date[40];
	mail_format_date(0, date);
	check_str(date, "Thu, 1 Jan 1970 00:00:00 +0000");
	mail_format_date(1709251199, date);
	check_str(date, "Thu, 29 Feb 2024 23:59:59 +0000");
}

static void limits(void **state)
{
	(void)state;
	CLEANUP(strlist) struct strlist to = STRLIST_INIT, none = STRLIST_INIT, cc = STRLIST_INIT;
	AUTO_FREE char *large = malloc(MAIL_BODY_MAX_BYTES + 2);
	char subject[260];
	memset(large, 'x', MAIL_BODY_MAX_BYTES + 1);
	large[MAIL_BODY_MAX_BYTES + 1] = 0;
	memset(subject, 's', sizeof subject);
	subject[251] = 0;
	for (int i = 0; i < 49; i++)
		strlist_addf(&to, "a%d@example.org", i);
	strlist_add(&cc, "b@example.org");
	const struct mail good = {
		.from = "bot@example.org", .to = &to, .cc = &cc, .subject = "s", .text = "", .html = large + 1
	};
	struct mail m = good;
	check_ok(mail_check(&m, err));
	strlist_add(&cc, "c@example.org");
	check_fails(mail_check(&m, err), ERROR_USAGE, "51 recipients");
	m.cc = NULL;
	m.html = large;
	check_fails(mail_check(&m, err), ERROR_USAGE, "10485761 bytes");
	m.html = "";
	m.subject = subject;
	check_fails(mail_check(&m, err), ERROR_USAGE, "251 characters");
	m.subject = subject + 1;
	check_ok(mail_check(&m, err));
	static const char *const bad[] = { "", "a\r\nBcc: x@y", "a\x01", "\xff" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		m.subject = bad[i];
		check_fails(mail_check(&m, err), ERROR_USAGE, "subject");
	}
	m.subject = "s";
	m.to = &none;
	check_fails(mail_check(&m, err), ERROR_USAGE, "without a recipient");
	m = good;
	m.from = "bot";
	check_fails(mail_check(&m, err), ERROR_USAGE, "the sender");
	m = good;
	m.reply_to = "a@b\nX: y";
	check_fails(mail_check(&m, err), ERROR_USAGE, "the address for replies");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_addresses),   cmocka_unit_test(bad_addresses), cmocka_unit_test(header_text),
		cmocka_unit_test(lines_stay_short), cmocka_unit_test(headers),       cmocka_unit_test(dates),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
