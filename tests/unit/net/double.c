#include "double.h"

#include "base/fs.h"
#include "check.h"

#include <fcntl.h>

void double_start(struct double_server *d, const char *script, bool tls)
{
	*d = (struct double_server){ .proc = PROC_INIT };
	struct error e = ERROR_INIT;
	d->folder = fs_make_temp_dir("dbdyno-double", &e);
	assert_non_null(d->folder);
	free(double_file(d, "script.json", script, strlen(script)));
	AUTO_FREE char *script_path = str_printf(&e, "%s/script.json", d->folder);
	AUTO_FREE char *log_path = str_printf(&e, "%s/log", d->folder);
	int out[2];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	const char *argv[] = { "/usr/bin/python3", FAKES "/http_double.py", script_path,
			       log_path,           tls ? d->folder : NULL,  NULL };
	struct proc_spec spec = PROC_SPEC_INIT;
	spec.argv = argv;
	spec.stdout_fd = out[1];
	spec.stderr_fd = STDERR_FILENO;
	check_ok(proc_start(&d->proc, &spec, err));
	close(out[1]);
	FILE *lines = fdopen(out[0], "r");
	if (fscanf(lines, "%d", &d->port) != 1)
		fail_msg("the double did not start");
	fclose(lines);
	snprintf(d->url, sizeof d->url, tls ? "https://localhost:%d" : "http://127.0.0.1:%d", d->port);
	snprintf(d->ca_file, sizeof d->ca_file, "%s/cert.pem", d->folder);
}

void double_server_release(struct double_server *d)
{
	if (!d->folder)
		return;
	proc_release(&d->proc);
	cJSON_Delete(d->requests);
	fs_remove_tree(d->folder, NULL);
	free(d->folder);
	*d = (struct double_server){ .proc = PROC_INIT };
}

static void read_log(struct double_server *d)
{
	cJSON_Delete(d->requests);
	d->requests = cJSON_CreateArray();
	char path[512], *save = NULL;
	snprintf(path, sizeof path, "%s/log", d->folder);
	if (!fs_exists(path))
		return;
	CLEANUP(strbuf) struct strbuf text = STRBUF_INIT(16 << 20);
	check_ok(fs_read(path, &text, err));
	for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		cJSON_AddItemToArray(d->requests, cJSON_Parse(line));
}

int double_count(struct double_server *d)
{
	read_log(d);
	return cJSON_GetArraySize(d->requests);
}

const char *double_text(struct double_server *d, int i, const char *name)
{
	read_log(d);
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(d->requests, i), name));
}

const char *double_header(struct double_server *d, int i, const char *lower_case_name)
{
	read_log(d);
	const cJSON *headers = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(d->requests, i), "headers");
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(headers, lower_case_name));
}

char *double_file(struct double_server *d, const char *name, const void *data, size_t len)
{
	char *path = str_printf(NULL, "%s/%s", d->folder, name);
	assert_non_null(path);
	check_ok(fs_write_atomic(path, data, len, 0600, err));
	return path;
}

const char *double_getenv(const char *name, void *data)
{
	size_t n = strlen(name);
	for (const char *const *v = data; v && *v; v++)
		if (strncmp(*v, name, n) == 0 && (*v)[n] == '=')
			return *v + n + 1;
	return NULL;
}
