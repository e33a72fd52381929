/* Any bytes as the Go sources of a commit: declarations come out that lie in the text and can be found again. */
#include "profiler/go_source.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(go_sources) struct go_sources g = GO_SOURCES_INIT;
	const char *text = (const char *)data;
	struct error err = ERROR_INIT;
	require(go_sources_add_module(&g, "", text, size, &err) == 0);
	require(go_sources_add_module(&g, "go", "module m", 8, &err) == 0);
	require(go_sources_add(&g, "go/a/b.go", text, size, &err) == 0);
	require(go_sources_add(&g, "c.go", text, size, &err) == 0);
	go_sources_sort(&g);
	for (size_t i = 0; i < g.n; i++) {
		const struct go_function *f = &g.functions[i];
		size_t len, all = 0;
		require(f->len >= strlen("func ") && f->len <= size && strlen(f->text) >= f->len);
		for (size_t n = 0; n < 3 && go_function_line(f, n, &len); n++)
			all += len;
		require(all <= f->len && go_sources_find(&g, f->package, f->name, f->file));
		require(go_sources_has_package(&g, f->package));
	}
	return 0;
}
