#include "benchmarker/engine_schema.h"

#include <string.h>

static bool is_name(const char *s)
{
	return strlen(s) <= 63 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(s) && s[0] != '-';
}

static bool is_file_name(const char *s)
{
	return strlen(s) <= 200 && !strchr(s, '/') && s[0] != '-' && !str_eq(s, ".") && !str_eq(s, "..");
}

static bool is_inner_path(const char *s)
{
	return s[0] != '/' && s[0] != '-' && !str_eq(s, "..") && !str_starts(s, "../") && !strstr(s, "/../") &&
	       !str_ends(s, "/..");
}

static bool is_assignment(const char *s)
{
	size_t name = strcspn(s, "=");
	return s[name] == '=' && name > 0 &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == name;
}

static bool is_option(const char *s)
{
	return s[0] == '-';
}

static bool is_absolute(const char *s)
{
	return s[0] == '/';
}

/* GOOS/GOARCH */
bool engine_is_platform(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t os = strspn(s, plain), arch = s[os] == '/' ? strspn(s + os + 1, plain) : 0;
	return os && arch && os + 1 + arch == strlen(s) && strlen(s) <= 40;
}

static bool is_package(const char *s)
{
	return str_eq(s, "tar.gz") || str_eq(s, "zip") || str_eq(s, "7z");
}

#define AT(field) offsetof(struct engine, field)
#define TARGET_AT(field) offsetof(struct engine_target, field)

const struct key engine_target_keys[] = {
	{ "env", V_LIST, 0, TARGET_AT(env), NULL, is_assignment, "NAME=value" },
	{ "flags", V_LIST, 0, TARGET_AT(flags), NULL, is_option, "an option such as -tags=x" },
	{ "package", V_LIST, 0, TARGET_AT(packages), NULL, is_package, "tar.gz, zip or 7z" },
	{ 0 },
};

static const struct key build_keys[] = {
	{ "repository", V_STRING, FILLED, AT(repository), NULL, NULL, NULL },
	{ "module_dir", V_STRING, FILLED, AT(module_dir), NULL, is_inner_path, "a folder within the repository" },
	{ "package", V_STRING, REQUIRED | FILLED, AT(package), NULL, is_inner_path, "a Go package such as ./cmd/x" },
	{ "binary", V_STRING, REQUIRED | FILLED, AT(binary), NULL, is_file_name, "a file name" },
	{ "env", V_LIST, 0, AT(build_env), NULL, is_assignment, "NAME=value" },
	{ "flags", V_LIST, 0, AT(build_flags), NULL, is_option, "an option such as -tags=x" },
	{ "licenses", V_STRING, FILLED, AT(licenses), NULL, is_inner_path, "a file within the repository" },
	{ "targets", V_TARGETS, 0, 0, NULL, NULL, NULL },
	{ 0 },
};

static const struct key exec_keys[] = {
	{ "names", V_LIST, REQUIRED | FILLED, AT(exec_candidates), NULL, NULL, NULL },
	{ "folders", V_LIST, 0, AT(exec_path), NULL, is_absolute, "an absolute path" },
	{ 0 },
};

static const struct key stop_keys[] = {
	{ "signal", V_SIGNAL, 0, AT(stop_signal), NULL, NULL, NULL },
	{ "grace_seconds", V_SECONDS, 0, AT(stop_grace_ns), NULL, NULL, NULL },
	{ 0 },
};

static const struct key admin_keys[] = {
	{ "user", V_STRING, REQUIRED | FILLED, AT(admin_user), NULL, NULL, NULL },
	{ "password", V_STRING, 0, AT(admin_password), NULL, NULL, NULL },
	{ "database", V_STRING, 0, AT(admin_database), NULL, NULL, NULL },
	{ 0 },
};

static const struct key load_keys[] = {
	{ "user", V_STRING, REQUIRED | FILLED, AT(user), NULL, NULL, NULL },
	{ "password", V_STRING, 0, AT(password), NULL, NULL, NULL },
	{ "database", V_STRING, REQUIRED | FILLED, AT(database), NULL, NULL, NULL },
	{ "options", V_LIST, 0, AT(load_options), NULL, is_option, "an option such as --x=y" },
	{ 0 },
};

static const struct key profile_keys[] = {
	{ "path", V_STRING, EITHER, AT(profile_path), NULL, is_absolute, "a path that starts with \"/\"" },
	{ "port", V_PORT, 0, AT(profile_port), NULL, NULL, NULL },
	{ "file", V_STRING, EITHER | FILLED, AT(profile_file), NULL, is_file_name, "a file name" },
	{ "flags", V_LIST, ALL_VARIABLES | CONFIG_VARIABLE | PROFILE_VARIABLE, AT(profile_flags), NULL, NULL, NULL },
	{ 0 },
};

static const struct key identity_keys[] = {
	{ "contains", V_STRING, FILLED, AT(version_contains), NULL, NULL, NULL },
	{ "excludes", V_STRING, FILLED, AT(version_excludes), NULL, NULL, NULL },
	{ "mistaken_for", V_STRING, FILLED, AT(mistaken_for), NULL, is_name, "the name of an engine" },
	{ 0 },
};

static const struct key big_keys[] = {
	{ "repository", V_STRING, REQUIRED | FILLED, AT(big_repository), NULL, NULL, NULL },
	{ "setup", V_COMMANDS, REQUIRED | FILLED | FOLDER_VARIABLES | BIG_VARIABLE, AT(big_setup), NULL, NULL, NULL },
	{ 0 },
};

static const struct key format_keys[] = {
	{ "env", V_LIST, REQUIRED | FILLED | FORMAT_VARIABLE, AT(format_env), NULL, is_assignment, "NAME=value" },
	{ "query", V_STRING, FILLED, AT(format_query), NULL, NULL, NULL },
	{ 0 },
};

static const struct key start_variation_keys[] = {
	{ "fraction", V_FRACTION, REQUIRED, AT(start_sd), NULL, NULL, NULL },
	{ "starts", V_STARTS, REQUIRED, AT(start_sd_from), NULL, NULL, NULL },
	{ 0 },
};

const struct key engine_keys[] = {
	{ "name", V_STRING, REQUIRED | FILLED, AT(name), NULL, is_name, "up to 63 of a-z, 0-9, _ and -" },
	{ "protocol", V_PROTOCOL, REQUIRED, AT(protocol), NULL, NULL, NULL },
	{ "build", V_OBJECT, 0, 0, build_keys, NULL, NULL },
	{ "exec", V_OBJECT, 0, 0, exec_keys, NULL, NULL },
	{ "version", V_LIST, FILLED | EXEC_VARIABLES, AT(version.argv), NULL, NULL, NULL },
	{ "identity", V_OBJECT, 0, 0, identity_keys, NULL, NULL },
	{ "setup", V_COMMANDS, FOLDER_VARIABLES, AT(setup), NULL, NULL, NULL },
	{ "big", V_OBJECT, 0, 0, big_keys, NULL, NULL },
	{ "format", V_OBJECT, 0, 0, format_keys, NULL, NULL },
	{ "env", V_LIST, ALL_VARIABLES, AT(setup_env), NULL, is_assignment, "NAME=value" },
	{ "config", V_LIST, FILLED | ALL_VARIABLES, AT(config), NULL, NULL, NULL },
	{ "start", V_LIST, REQUIRED | FILLED | ALL_VARIABLES | CONFIG_VARIABLE, AT(start.argv), NULL, NULL, NULL },
	{ "socket_flags", V_LIST, FILLED | ALL_VARIABLES, AT(socket_flags), NULL, is_option, "an option such as --x" },
	{ "stop", V_OBJECT, 0, 0, stop_keys, NULL, NULL },
	{ "ready_timeout_seconds", V_SECONDS, 0, AT(ready_timeout_ns), NULL, NULL, NULL },
	{ "start_variation", V_OBJECT, 0, 0, start_variation_keys, NULL, NULL },
	{ "run_as", V_STRING, FILLED, AT(run_as), NULL, is_file_name, "a user name" },
	{ "admin", V_OBJECT, REQUIRED, 0, admin_keys, NULL, NULL },
	{ "init_sql", V_LIST, ALL_VARIABLES, AT(init_sql), NULL, NULL, NULL },
	{ "load", V_OBJECT, REQUIRED, 0, load_keys, NULL, NULL },
	{ "profile", V_OBJECT, 0, 0, profile_keys, NULL, NULL },
	{ 0 },
};
