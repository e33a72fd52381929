#include "benchmarker/report_format.h"

#include "base/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const struct report_style report_plain = { .space = " ", .group = "" };
const struct report_style report_fine = { .space = "\u202f", .group = "\u202f" };

/* value with that many decimals, its integer part in groups of three from five digits on. */
static void add_number(struct strbuf *out, const struct report_style *style, double value, int decimals)
{
	char text[64];
	if (!isfinite(value) || fabs(value) >= 1e15) {
		strbuf_adds(out, REPORT_DASH);
		return;
	}
	snprintf(text, sizeof text, "%.*f", decimals, fabs(value));
	if (value < 0 && text[strspn(text, "0.")]) /* no minus before what rounds to zero */
		strbuf_adds(out, REPORT_MINUS);
	size_t digits = strcspn(text, ".");
	for (size_t i = 0; i < digits; i++) {
		if (i && digits > 4 && (digits - i) % 3 == 0)
			strbuf_adds(out, style->group);
		strbuf_addc(out, text[i]);
	}
	strbuf_adds(out, text + digits);
}

/* Decimals that leave a value with about that many significant digits, at most most. */
static int decimals_for(double value, int significant, int most)
{
	int decimals = significant - 1;
	for (double limit = 10; decimals > 0 && fabs(value) >= limit * (1 - 5e-4); limit *= 10)
		decimals--;
	for (double limit = 1; decimals < most && fabs(value) < limit; limit /= 10)
		decimals++;
	return decimals;
}

void report_add_ratio(struct strbuf *out, const struct report_style *style, double ratio)
{
	add_number(out, style, ratio, ratio < 9.9995 ? 3 : decimals_for(ratio, 3, 3));
}

void report_add_interval(struct strbuf *out, const struct report_style *style, double low, double high)
{
	bool open_below = low <= 0, open_above = isinf(high);
	if (isnan(low) || isnan(high) || (open_below && open_above)) {
		strbuf_adds(out, REPORT_DASH);
	} else if (open_above) {
		strbuf_addf(out, "≥%s", style->space);
		report_add_ratio(out, style, low);
	} else if (open_below) {
		strbuf_addf(out, "≤%s", style->space);
		report_add_ratio(out, style, high);
	} else {
		report_add_ratio(out, style, low);
		strbuf_adds(out, " to ");
		report_add_ratio(out, style, high);
	}
}

static int percent_decimals(double percent)
{
	percent = fabs(percent);
	return percent >= 9.95 ? 0 : percent >= 0.095 || percent == 0 ? 1 : 2;
}

void report_add_percent(struct strbuf *out, const struct report_style *style, double fraction)
{
	double percent = fraction * 100;
	/* A margin of 5 is "5 %", a measured 5.04 is "5.0 %". */
	bool whole = fabs(percent - round(percent)) < 1e-9;
	add_number(out, style, percent, whole ? 0 : percent_decimals(percent));
	if (isfinite(percent))
		strbuf_addf(out, "%s%%", style->space);
}

void report_add_change(struct strbuf *out, const struct report_style *style, double ratio)
{
	double percent = (ratio - 1) * 100;
	if (ratio >= 9.9995 && isfinite(ratio)) {
		strbuf_adds(out, "×");
		report_add_ratio(out, style, ratio);
		return;
	}
	if (percent >= 0.005 && isfinite(percent))
		strbuf_addc(out, '+');
	add_number(out, style, percent, percent_decimals(percent));
	if (isfinite(percent))
		strbuf_addf(out, "%s%%", style->space);
}

void report_add_rate(struct strbuf *out, const struct report_style *style, double per_second)
{
	add_number(out, style, per_second, decimals_for(per_second, 4, 3));
}

void report_add_ms(struct strbuf *out, const struct report_style *style, double ms)
{
	add_number(out, style, ms, decimals_for(ms, 3, 4));
}

void report_add_seconds(struct strbuf *out, const struct report_style *style, double seconds)
{
	add_number(out, style, seconds, seconds >= 9.95 || seconds == floor(seconds) ? 0 : 1);
	if (isfinite(seconds))
		strbuf_addf(out, "%ss", style->space);
}

void report_add_count(struct strbuf *out, const struct report_style *style, unsigned long long n)
{
	char text[32];
	size_t digits = (size_t)snprintf(text, sizeof text, "%llu", n);
	for (size_t i = 0; i < digits; i++) {
		if (i && digits > 4 && (digits - i) % 3 == 0)
			strbuf_adds(out, style->group);
		strbuf_addc(out, text[i]);
	}
}

size_t report_next_char(const char **s, char ret[static 5])
{
	return text_next(s, *s + strnlen(*s, 4), ret);
}

void report_add_cut(struct strbuf *out, const char *s, size_t columns)
{
	if (s)
		text_add_line(out, s, strlen(s), columns);
}

void report_add_line(struct strbuf *out, const char *s)
{
	report_add_cut(out, s, SIZE_MAX);
}

size_t report_columns(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += (*s & 0xC0) != 0x80;
	return n;
}

void report_add_wrapped(struct strbuf *out, const char *text, size_t width, size_t indent)
{
	size_t column = 0;
	while (*text) {
		size_t len = strcspn(text, " ");
		size_t columns_of_word = 0;
		for (size_t i = 0; i < len; i++)
			columns_of_word += (text[i] & 0xC0) != 0x80;
		if (column && column + 1 + columns_of_word > width) {
			strbuf_addc(out, '\n');
			for (size_t i = 0; i < indent; i++)
				strbuf_addc(out, ' ');
			column = indent;
		} else if (column) {
			strbuf_addc(out, ' ');
			column++;
		}
		strbuf_add(out, text, len);
		column += columns_of_word;
		text += len + strspn(text + len, " ");
	}
}
