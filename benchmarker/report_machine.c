#include "benchmarker/report_machine.h"

#include <math.h>

const char *const report_cost_columns[COST_COLUMNS] = {
	[COST_SERVER_CPU] = "server CPU µs", [COST_CLIENT_CPU] = "client CPU µs", [COST_SWITCHES] = "switches",
	[COST_WRITTEN] = "written",          [COST_PEAK] = "peak memory",
};
const char report_cost_note[] =
	"CPU time, switches of context by the server's threads and bytes that it wrote to storage "
	"are a transaction's; memory is the most that the server and its processes had";

bool report_has_machine(const struct report *r)
{
	return r->usage.machine.slices > 0;
}

bool report_has_cost(const struct report_test *t)
{
	return !t->error && t->has_cost;
}

bool report_has_costs(const struct report *r)
{
	for (size_t i = 0; i < r->tests_len; i++)
		if (report_has_cost(&r->tests[i]))
			return true;
	return false;
}

static void add_share(struct strbuf *out, const struct report_style *style, double fraction)
{
	if (fraction < 0.0005)
		strbuf_addf(out, "0%s%%", style->space);
	else
		report_add_percent(out, style, fraction);
}

/* ", steal 3.1 % (at worst 41 %)"; nothing if it is not known. */
static void add_share_of(struct strbuf *out, const struct report_style *style, const char *name, double fraction,
			 double worst)
{
	if (isnan(fraction))
		return;
	strbuf_addf(out, "%s%s ", out->len ? ", " : "", name);
	add_share(out, style, fraction);
	if (worst <= fraction || isnan(worst))
		return;
	strbuf_adds(out, " (at worst ");
	add_share(out, style, worst);
	strbuf_addc(out, ')');
}

void report_add_machine(struct strbuf *out, const struct report_style *style, const struct report *r)
{
	const struct machine_summary *m = &r->usage.machine;
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(4096);
	add_share_of(&line, style, "steal", m->steal_median, m->steal_worst);
	add_share_of(&line, style, "other processes", m->others_median, m->others_worst);
	add_share_of(&line, style, "throttled", m->throttled, NAN);
	add_share_of(&line, style, "waited for CPU", m->pressure_cpu, NAN);
	add_share_of(&line, style, "for storage", m->pressure_io, NAN);
	add_share_of(&line, style, "for memory", m->pressure_memory, NAN);
	strbuf_adds(out, line.len ? line.data : "nothing known");
	if (line.failed)
		out->failed = line.failed;
}

static void add_disturbed(const struct report_usage *u, struct strlist *ret)
{
	CLEANUP(strbuf) struct strbuf line = STRBUF_INIT(4096);
	if (!u->contaminated_blocks)
		return;
	strbuf_addf(&line, "%zu of %zu blocks of slices %s disturbed", u->contaminated_blocks, u->blocks,
		    u->contaminated_blocks == 1 ? "was" : "were");
	for (size_t i = 0; i < u->reasons_len; i++) {
		strbuf_addf(&line, "%s%s", i ? ", " : " (", u->reasons[i].text);
		if (u->reasons_len > 1)
			strbuf_addf(&line, " in %zu", u->reasons[i].blocks);
	}
	strbuf_adds(&line, u->reasons_len ? "); " : "; ");
	if (u->replaced_blocks == u->contaminated_blocks)
		strbuf_adds(&line, "measured again, and what they gave is not in the figures.");
	else if (u->replaced_blocks)
		strbuf_addf(&line, "%zu measured again, the others are in the figures.", u->replaced_blocks);
	else
		strbuf_adds(&line, "they are in the figures.");
	if (line.failed)
		ret->failed = true;
	strlist_add(ret, line.data);
}

int report_machine_remarks(const struct report *r, struct strlist *ret, struct error *err)
{
	if (!report_has_machine(r))
		return 0;
	add_disturbed(&r->usage, ret);
	return machine_advice(&r->usage.machine, ret, err);
}

static void add_bytes(struct strbuf *out, const struct report_style *style, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;
	for (; bytes >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		bytes /= 1024;
	if (unit == 0 && bytes < 0.5)
		strbuf_addc(out, '0');
	else
		report_add_ms(out, style, unit == 0 ? round(bytes) : bytes);
	if (isfinite(bytes))
		strbuf_addf(out, "%s%s", style->space, units[unit]);
}

void report_add_cost(struct strbuf *out, const struct report_style *style, const struct machine_cost *c, int column)
{
	switch (column) {
	case COST_SERVER_CPU:
		report_add_ms(out, style, c->server_cpu_us);
		break;
	case COST_CLIENT_CPU:
		report_add_ms(out, style, c->client_cpu_us);
		break;
	case COST_SWITCHES:
		report_add_ms(out, style, c->switches);
		break;
	case COST_WRITTEN:
		add_bytes(out, style, c->written_bytes);
		break;
	case COST_PEAK:
		add_bytes(out, style, c->peak_bytes);
		break;
	default:
		break;
	}
}
