/* Any bytes as a profile: refused with a reason, or read, and then written, read and written again to the same bytes.
 */
#include "profiler/pprof.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void merge_with_itself(const struct pprof *p)
{
	const struct pprof *both[] = { p, p };
	CLEANUP(pprof) struct pprof sum = PPROF_INIT, again = PPROF_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	struct error err = ERROR_INIT;
	if (pprof_merge(&sum, both, 2, &err) < 0) {
		require(err.kind == ERROR_USAGE && err.message[0]);
		return;
	}
	require(sum.n_samples <= p->n_samples);
	if (pprof_write(&sum, false, &out, &err) == 0)
		require(pprof_read(&again, out.data, out.len, &err) == 0 && again.n_samples == sum.n_samples);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT, q = PPROF_INIT;
	CLEANUP(strbuf) struct strbuf once = STRBUF_INIT(LIMIT), twice = STRBUF_INIT(LIMIT);
	struct pprof_facts facts;
	struct error err = ERROR_INIT;
	if (pprof_read(&p, data, size, &err) < 0) {
		require(err.kind == ERROR_USAGE && err.message[0]);
		return 0;
	}
	pprof_check_cpu(&p, &facts, &err);
	if (pprof_write(&p, false, &once, &err) == 0) {
		require(pprof_read(&q, once.data, once.len, &err) == 0);
		require(pprof_write(&q, false, &twice, &err) == 0);
		require(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	merge_with_itself(&p);
	return 0;
}
