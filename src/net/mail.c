#include "net/mail.h"

#include "net/encode.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ADDRESS_MAX_CHARS 254
#define LOCAL_PART_MAX_CHARS 64
#define NAME_MAX_BYTES 200
#define LINE_COLUMNS 76
#define WORD_BYTES 45 /* 60 characters of base64, with =?UTF-8?B? and ?= at most 72 */
#define HEADER_MAX_BYTES (64u << 10)

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

void mail_address_release(struct mail_address *a)
{
	free(a->name);
	free(a->address);
	*a = (struct mail_address){ 0 };
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* Words of allowed characters with single dots between them. */
static bool is_dotted(const char *s, size_t len, const char *allowed)
{
	bool word = false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '.' && !word)
			return false;
		word = s[i] != '.';
		if (word && !strchr(allowed, s[i]))
			return false;
	}
	return word;
}

/* A plain local part, "@", and a domain name: the form that every server takes. */
static bool is_address(const char *s)
{
	const char *at = strrchr(s, '@');
	if (!at || strlen(s) > ADDRESS_MAX_CHARS || at - s > LOCAL_PART_MAX_CHARS)
		return false;
	const char *domain = at + 1;
	bool hyphen_ends = *domain == '-' || str_ends(domain, "-") || strstr(domain, "-.") || strstr(domain, ".-");
	return is_dotted(s, (size_t)(at - s), LETTERS "!#$%&'*+-/=?^_`{|}~") &&
	       is_dotted(domain, strlen(domain), LETTERS "-") && !hyphen_ends;
}

/* The name before "<", without white space around it, its quotes and their backslashes. */
static char *parse_name(const char *s, size_t len)
{
	while (len && *s == ' ') {
		s++;
		len--;
	}
	while (len && s[len - 1] == ' ')
		len--;
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(NAME_MAX_BYTES);
	bool quoted = len >= 2 && *s == '"' && s[len - 1] == '"';
	for (size_t i = quoted; i + quoted < len; i++) {
		if (quoted && s[i] == '\\' && i + 1 + quoted < len)
			i++;
		strbuf_addc(&name, s[i]);
	}
	return strbuf_take(&name, NULL);
}

int mail_address_parse(const char *text, struct mail_address *ret, struct error *err)
{
	if (has_control(text) || !str_is_utf8(text, strlen(text)))
		return error_set(err, ERROR_USAGE, "a mail address with a line break or another control character");
	const char *open = strrchr(text, '<');
	CLEANUP(mail_address) struct mail_address a = { 0 };
	if (open && str_ends(text, ">")) {
		a.address = strndup(open + 1, strlen(open) - 2);
		a.name = parse_name(text, (size_t)(open - text));
		if (!a.name)
			return error_set(err, ERROR_USAGE, "the name before <%.100s is longer than %d bytes", open + 1,
					 NAME_MAX_BYTES);
		if (!*a.name) {
			free(a.name);
			a.name = NULL;
		}
	} else {
		a.address = strdup(text);
	}
	if (!a.address)
		return error_oom(err);
	if (!is_address(a.address)) {
		error_set(err, ERROR_USAGE, "\"%.300s\" is not a mail address", text);
		return error_hint(err, "somebody@example.org, or \"A Name <somebody@example.org>\"");
	}
	*ret = a;
	a = (struct mail_address){ 0 };
	return 0;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* Bytes of text for one encoded word: whole characters, at most max. */
static size_t word_length(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);
	if (n <= max)
		return n;
	n = max;
	while (n && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	return n ? n : max;
}

static void add_encoded_words(struct strbuf *out, const char *text, size_t column)
{
	char base64[4 * ((WORD_BYTES + 2) / 3) + 1];
	while (*text) {
		size_t room = column < LINE_COLUMNS - 20 ? (LINE_COLUMNS - column - 12) / 4 * 3 : 0;
		if (room < 6) { /* too little of this line is left */
			strbuf_adds(out, "\r\n ");
			column = 1;
			continue;
		}
		size_t n = word_length(text, room < WORD_BYTES ? room : WORD_BYTES);
		encode_base64(text, n, base64);
		strbuf_addf(out, "=?UTF-8?B?%s?=", base64);
		text += n;
		column = LINE_COLUMNS; /* one word a line: the next begins anew */
	}
}

void mail_add_header_text(struct strbuf *out, const char *text, size_t column)
{
	bool plain = is_ascii(text) && !strstr(text, "=?") && column + strlen(text) <= LINE_COLUMNS && *text != ' ' &&
		     !str_ends(text, " ");
	if (plain)
		strbuf_adds(out, text);
	else
		add_encoded_words(out, text, column);
}

void mail_add_address(struct strbuf *out, const struct mail_address *a, size_t column)
{
	if (!a->name) {
		strbuf_adds(out, a->address); /* without a name it needs no brackets */
		return;
	}
	size_t start = out->len;
	bool plain = is_ascii(a->name) && !strstr(a->name, "=?") && strlen(a->name) < LINE_COLUMNS / 2;
	if (plain && strspn(a->name, LETTERS " !#$%&'*+-/=?^_`{|}~") == strlen(a->name)) {
		strbuf_adds(out, a->name);
	} else if (plain) {
		strbuf_addc(out, '"');
		for (const char *p = a->name; *p; p++)
			strbuf_addf(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
		strbuf_addc(out, '"');
	} else {
		add_encoded_words(out, a->name, column);
	}
	bool fold = column + (out->len - start) + strlen(a->address) + 3 > LINE_COLUMNS;
	strbuf_addf(out, "%s<%s>", fold ? "\r\n " : " ", a->address);
}

void mail_format_date(int64_t unix_seconds, char buf[static 40])
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t t = (time_t)unix_seconds;
	struct tm tm = { 0 };
	gmtime_r(&t, &tm);
	snprintf(buf, 40, "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		 1900 + tm.tm_year, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* "To: a, b": one address a line. */
static int add_addresses(const char *name, const struct strlist *list, struct strlist *ret, struct error *err)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(HEADER_MAX_BYTES);
	strbuf_addf(&line, "%s: ", name);
	for (size_t i = 0; i < list->len; i++) {
		CLEANUP(mail_address) struct mail_address a = { 0 };
		if (mail_address_parse(list->items[i], &a, err) < 0)
			return error_wrap(err, "%s", name);
		strbuf_adds(&line, i ? ",\r\n " : "");
		mail_add_address(&line, &a, i ? 1 : strlen(name) + 2);
	}
	if (strbuf_check(&line, err) < 0)
		return -1;
	return strlist_add(ret, line.data) < 0 ? error_oom(err) : 0;
}

static int add_one_address(const char *name, const char *address, struct strlist *ret, struct error *err)
{
	CLEANUP(strlist) struct strlist one = STRLIST_INIT;
	return strlist_add(&one, address) < 0 ? error_oom(err) : add_addresses(name, &one, ret, err);
}

int mail_make_headers(const struct mail *m, struct strlist *ret, struct error *err)
{
	char date[40];
	CLEANUP(strbuf) struct strbuf subject = STRBUF_INIT(HEADER_MAX_BYTES);
	CLEANUP(mail_address) struct mail_address from = { 0 };
	mail_format_date(m->date_unix, date);
	strbuf_adds(&subject, "Subject: ");
	mail_add_header_text(&subject, m->subject, subject.len);
	if (strbuf_check(&subject, err) < 0 || mail_address_parse(m->from, &from, err) < 0)
		return -1;
	strlist_addf(ret, "Date: %s", date);
	if (add_one_address("From", m->from, ret, err) < 0 || add_addresses("To", m->to, ret, err) < 0 ||
	    (m->cc && m->cc->len && add_addresses("Cc", m->cc, ret, err) < 0) ||
	    (m->reply_to && add_one_address("Reply-To", m->reply_to, ret, err) < 0))
		return -1;
	strlist_add(ret, subject.data);
	strlist_addf(ret, "Message-ID: <%s%s>", m->id, strchr(from.address, '@'));
	strlist_add(ret, "Auto-Submitted: auto-generated"); /* RFC 3834: no absence notices in reply */
	return strlist_check(ret, err);
}

static int check_addresses(const char *what, const struct strlist *list, struct error *err)
{
	for (size_t i = 0; list && i < list->len; i++) {
		CLEANUP(mail_address) struct mail_address a = { 0 };
		if (mail_address_parse(list->items[i], &a, err) < 0)
			return error_wrap(err, "%s", what);
	}
	return 0;
}

static int check_subject(const char *subject, struct error *err)
{
	size_t chars = 0;
	for (const char *p = subject; *p; p++)
		chars += ((unsigned char)*p & 0xC0) != 0x80;
	if (!chars || chars > MAIL_SUBJECT_MAX_CHARS)
		return error_set(err, ERROR_USAGE, "a subject of %zu characters: 1 to %d are good", chars,
				 MAIL_SUBJECT_MAX_CHARS);
	if (has_control(subject) || !str_is_utf8(subject, strlen(subject)))
		return error_set(err, ERROR_USAGE, "the subject holds a line break or another control character");
	return 0;
}

int mail_check(const struct mail *m, struct error *err)
{
	CLEANUP(mail_address) struct mail_address a = { 0 }, b = { 0 };
	size_t recipients = m->to->len + (m->cc ? m->cc->len : 0);
	if (mail_address_parse(m->from, &a, err) < 0)
		return error_wrap(err, "the sender");
	if (m->reply_to && mail_address_parse(m->reply_to, &b, err) < 0)
		return error_wrap(err, "the address for replies");
	if (!m->to->len)
		return error_set(err, ERROR_USAGE, "a mail without a recipient");
	if (recipients > MAIL_RECIPIENTS_MAX)
		return error_set(err, ERROR_USAGE, "%zu recipients: at most %d are allowed", recipients,
				 MAIL_RECIPIENTS_MAX);
	if (check_addresses("a recipient", m->to, err) < 0 || check_addresses("a copy's recipient", m->cc, err) < 0 ||
	    check_subject(m->subject, err) < 0)
		return -1;
	size_t bytes = strlen(m->text) + strlen(m->html);
	if (bytes > MAIL_BODY_MAX_BYTES)
		return error_set(err, ERROR_USAGE, "a mail of %zu bytes: at most %zu are allowed", bytes,
				 MAIL_BODY_MAX_BYTES);
	return 0;
}
