/* dbdyno: which command, set-up of process 1's duties, and the one place that prints an error or picks an exit code. */
#include "base/fs.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/stop.h"
#include "command.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct command *const commands[] = {
	&command_compare, &command_profile, &command_pgo,    &command_build, &command_report, &command_pprof,
	&command_render,  &command_notify,  &command_bisect, &command_demo,  &command_doctor, &command_dolt_builder,
};

static int print_overview(struct error *err)
{
	printf("dbdyno measures whether one commit of a database is faster than another.\n\n"
	       "Usage: dbdyno COMMAND [flags]\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nFlags alone mean compare, or with --profile-version profile. Help on one: dbdyno COMMAND --help\n"
	       "Exit codes: 0 done, 2 usage, 3 build, 4 server, 5 load, 6 publishing, 7 regression, 8 undecided, 1 "
	       "other.\n");
	return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write help") : 0;
}

static const struct command *find_command(const char *name, struct error *err)
{
	const char *near = NULL;
	size_t best = 3;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
		size_t d = str_distance(commands[i]->name, name);
		if (d < best) {
			best = d;
			near = commands[i]->name;
		}
	}
	error_set(err, ERROR_USAGE, "unknown command \"%.100s\"", name);
	if (near)
		error_hint(err, "did you mean %s?", near);
	else
		error_hint(err, "see dbdyno --help");
	return NULL;
}

/* Called by the name of a program that a command stands in for: a link. */
static bool is_dolt_builder(const char *called)
{
	const char *slash = called ? strrchr(called, '/') : NULL;
	const char *name = slash ? slash + 1 : called;
	return str_eq(name, "dolt-builder") || str_eq(name, "dolt_builder");
}

static int run(int argc, const char *const *argv, struct error *err)
{
	if (argc && is_dolt_builder(argv[0])) {
		if (stop_install(err) < 0 || proc_become_reaper(err) < 0)
			return -1;
		return command_dolt_builder.run(argc - 1, argv + 1, err);
	}
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return print_overview(err);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
		printf("dbdyno %s\n", DBDYNO_VERSION);
		return fflush(stdout) ? error_errno(err, ERROR_INTERNAL, "write version") : 0;
	}
	const struct command *c = &command_flags_alone;
	bool flags_alone = argv[1][0] == '-';
	if (!flags_alone && !(c = find_command(argv[1], err)))
		return -1;
	if (stop_install(err) < 0 || proc_become_reaper(err) < 0)
		return -1;
	return c->run(flags_alone ? argc - 1 : argc - 2, flags_alone ? argv + 1 : argv + 2, err);
}

/* Kubernetes shows this file's text as the reason why a container ended (at most 4,096 bytes). */
static void write_termination_log(const struct error *err)
{
	int fd = open("/dev/termination-log", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		char line[4096];
		int n = snprintf(line, sizeof line, "%s%s%s\n", err->message, err->hint[0] ? "; hint: " : "",
				 err->hint);
		size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
		if (write(fd, line, len) < 0)
			log_warn("cannot write /dev/termination-log");
	}
	close(fd);
}

/* libpq takes what it is not told from PG… variables: a PGHOSTADDR of the user's would lead to the user's own server.
 */
static void forget_client_settings(void)
{
	CLEANUP(strlist) struct strlist names = STRLIST_INIT;
	for (char **e = environ; *e; e++)
		if (str_starts(*e, "PG"))
			strlist_addn(&names, *e, strcspn(*e, "="));
	for (size_t i = 0; i < names.len; i++)
		unsetenv(names.items[i]);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	forget_client_settings();
	umask(077); /* results may hold what only this user should read */
	int result = run(argc, (const char *const *)argv, &err);
	proc_kill_stragglers();
	if (result == 0)
		return 0;
	log_error(&err);
	write_termination_log(&err);
	return error_exit_code(&err);
}
