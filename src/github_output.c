#include "github_output.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int github_output_summary(const char *path, const struct strbuf *markdown, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, ERROR_PUBLISH, "open the step summary %s", path);
	size_t there = S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
	if (there + markdown->len > GITHUB_SUMMARY_MAX_BYTES)
		return error_set(err, ERROR_PUBLISH, "the step summary %s would have %zu bytes, and GitHub takes %zu",
				 path, there + markdown->len, GITHUB_SUMMARY_MAX_BYTES);
	for (size_t at = 0; at < markdown->len;) {
		ssize_t n = write(fd, markdown->data + at, markdown->len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, ERROR_PUBLISH, "write the step summary %s", path);
		at += (size_t)n;
	}
	return 0;
}

/* A workflow command ends at the line's end; in its text and its properties some characters are escaped. */
static void add_escaped(struct strbuf *out, const char *text, bool property)
{
	for (const char *p = text; *p; p++) {
		bool escape = *p == '%' || *p == '\r' || *p == '\n' || (property && (*p == ':' || *p == ','));
		strbuf_addf(out, escape ? "%%%02X" : "%c", (unsigned char)*p);
	}
}

static void annotate(const char *level, const char *test, const char *what, const char *text)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(64 << 10);
	strbuf_addf(&line, "::%s title=", level);
	add_escaped(&line, test, true);
	strbuf_addf(&line, " %s::", what);
	add_escaped(&line, text, false);
	if (!line.failed)
		log_info("%s", line.data);
}

void github_output_annotate(const struct report *r)
{
	for (size_t i = 0; i < r->tests_len; i++) {
		const struct report_test *t = &r->tests[i];
		const struct estimate *e = &t->comparison.metrics[t->comparison.metric];
		CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(64 << 10);
		strbuf_addf(&text, "%s ratio %.4g, 95 %% interval %.4g to %.4g",
			    t->comparison.metric == METRIC_THROUGHPUT ? "throughput" : "mean latency", e->ratio, e->low,
			    e->high);
		if (t->comparison.reason)
			strbuf_addf(&text, ": %s", t->comparison.reason);
		if (t->error)
			annotate("error", t->name, "failed", t->error);
		else if (t->comparison.verdict == VERDICT_SLOWER)
			annotate("error", t->name, "is slower", text.data);
		else if (t->comparison.verdict == VERDICT_UNDECIDED)
			annotate("notice", t->name, "is undecided", text.data);
	}
}
