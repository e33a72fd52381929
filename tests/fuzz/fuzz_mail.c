/* Files of results, which may be anything, as a mail: both forms are valid UTF-8, and no tag or control character of
 * the file comes through. */
#include "net/mail_import.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	CLEANUP(mail_body) struct mail_body b = MAIL_BODY_INIT;
	CLEANUP(strbuf) struct strbuf html = STRBUF_INIT(64 << 20), text = STRBUF_INIT(64 << 20);
	AUTO_FREE char *s = strndup((const char *)data, size);
	if (!s)
		return 0;
	mail_import(&b, s);
	mail_import_html(&b, s);
	mail_import_markdown(&b, s);
	check(mail_body_html(&b, s, &html, NULL) == 0 && mail_body_text(&b, &text, NULL) == 0);
	check(str_is_utf8(html.data, html.len) && str_is_utf8(text.data, text.len));
	check(!strstr(html.data, "<script") && !strstr(html.data, "<img") && !strstr(html.data, "<style"));
	check(!strpbrk(text.data, "\x1b\x07\x08\r"));
	return 0;
}
