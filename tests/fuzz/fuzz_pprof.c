/* Any bytes as a profile: refused with a reason, or read, and then written, read and written again to the same bytes;
 * merged, with weights too; and judged, which must not say more than the samples hold.
 */
#include "profiler/go_name.h"
#include "profiler/judge.h"
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

/* Weights may leave nothing or be too much; whatever comes out can be written and read. */
static void merge_with_weights(const struct pprof *p)
{
	static const double factors[] = { 1, 0.3, 1e-9, 1e18 };
	for (size_t i = 0; i < 4; i++) {
		CLEANUP(pprof_merger) struct pprof_merger m = PPROF_MERGER_INIT;
		CLEANUP(pprof) struct pprof sum = PPROF_INIT, again = PPROF_INIT;
		CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
		struct error err = ERROR_INIT;
		uint32_t own, known;
		if (pprof_merger_add(&m, p, &err) < 0 || pprof_merger_add_scaled(&m, p, factors[i], &err) < 0 ||
		    pprof_merger_check(&m, p, &own, &known, &err) < 0 ||
		    pprof_merger_finish_scaled(&m, factors[3 - i], &sum, &err) < 0) {
			require(err.kind == ERROR_USAGE && err.message[0]);
			continue;
		}
		require(known <= own && own <= p->n_functions && sum.n_samples <= p->n_samples);
		if (pprof_write(&sum, false, &out, &err) == 0)
			require(pprof_read(&again, out.data, out.len, &err) == 0 && again.n_samples == sum.n_samples);
	}
}

static enum pprof_presence by_name(const struct pprof *p, uint32_t function, void *data)
{
	const struct pprof_string *name = &p->strings[p->functions[function].name];
	struct go_name *n = data;
	if (go_name_parse(name->data, name->len, n) < 0)
		return PPROF_OUTSIDE;
	require(n->package.len && n->package.len + n->declared.len < name->len);
	return n->inner ? PPROF_GONE : PPROF_KEPT;
}

static void judge(const struct pprof *p)
{
	CLEANUP(go_name) struct go_name n = GO_NAME_INIT;
	const struct pprof_judge by = { by_name, NULL, &n };
	struct pprof_facts facts;
	struct pprof_spent spent;
	struct pprof_kept kept;
	struct error err = ERROR_INIT;
	bool is_cpu = pprof_check_cpu(p, &facts, &err) == 0;
	pprof_spent(p, &spent);
	require(pprof_kept(p, &by, &kept, &err) == 0);
	if (is_cpu) { /* then no value is negative */
		double most = spent.total * (1 + 1e-9);
		require(spent.gc + spent.idle + spent.runtime <= most);
		require(kept.kept + kept.gone + kept.outside <= most);
		require(spent.calls_without_start <= spent.calls * (1 + 1e-9));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(pprof) struct pprof p = PPROF_INIT, q = PPROF_INIT;
	CLEANUP(strbuf) struct strbuf once = STRBUF_INIT(LIMIT), twice = STRBUF_INIT(LIMIT);
	struct error err = ERROR_INIT;
	if (pprof_read(&p, data, size, &err) < 0) {
		require(err.kind == ERROR_USAGE && err.message[0]);
		return 0;
	}
	judge(&p);
	if (pprof_write(&p, false, &once, &err) == 0) {
		require(pprof_read(&q, once.data, once.len, &err) == 0);
		require(pprof_write(&q, false, &twice, &err) == 0);
		require(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	merge_with_itself(&p);
	merge_with_weights(&p);
	return 0;
}
