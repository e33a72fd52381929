#include "command.h"

#include <stdio.h>
#include <string.h>

int command_problems(const struct strlist *problems, struct error *err)
{
	if (problems->failed)
		return error_oom(err);
	if (problems->len == 0)
		return 0;
	if (problems->len == 1)
		return error_set(err, ERROR_USAGE, "%s", problems->items[0]);
	CLEANUP(strbuf) struct strbuf lines = STRBUF_INIT(1 << 16);
	for (size_t i = 0; i < problems->len; i++)
		strbuf_addf(&lines, "%s\n", problems->items[i]);
	error_set(err, ERROR_USAGE, "%zu problems in the options; nothing was started", problems->len);
	return error_detail(err, lines.data, lines.len);
}

static int print_help(const struct command *c, struct error *err)
{
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(1 << 18);
	strbuf_addf(&out, "%s\n\nUsage: dbdyno %s %s\n\n", c->summary, c->name, c->usage);
	opt_help(c->table, 100, &out);
	strbuf_adds(&out, "\nEvery flag has an environment twin DBDYNO_<FLAG> and a key in --config FILE.\n");
	if (strbuf_check(&out, err) < 0)
		return -1;
	return fputs(out.data, stdout) < 0 || fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write help") : 0;
}

int command_parse(const struct command *c, void *options, int argc, const char *const *argv, struct strlist *positional,
		  struct strlist *problems, bool *ret_done, struct error *err)
{
	*ret_done = false;
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			*ret_done = true;
			return print_help(c, err);
		}
	}
	struct opt_source source = opt_default_source();
	opt_parse(c->table, options, argc, argv, &source, positional, problems);
	return 0;
}
