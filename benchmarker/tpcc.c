#include "benchmarker/tpcc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DISTRICTS 10

/* In the order of their numbers in lua/tpcc_transactions.lua and lua/tpcc_percona.lua. */
#define TRANSACTIONS TPCC_NEW_ORDER, "payment", "order-status", "delivery", "stock-level"
static const char *const our_transactions[] = { TRANSACTIONS, NULL };
static const char *const percona_transactions[] = { TRANSACTIONS, "other", NULL };

bool tpcc_parse_name(const char *name, unsigned *ret_scale)
{
	long long scale;
	if (!str_starts(name, TPCC_NAME_PREFIX))
		return false;
	const char *digits = name + strlen(TPCC_NAME_PREFIX);
	/* One name for each scale: no sign, no leading zero. */
	if (*digits < '1' || *digits > '9' || str_to_i64(digits, 1, TPCC_SCALE_MAX, &scale) < 0)
		return false;
	*ret_scale = (unsigned)scale;
	return true;
}

const struct workload *tpcc_workload(const struct tpcc *t)
{
	static const struct workload ours = { "tpcc", "./tpcc_like.lua", .writes = true, .classes = our_transactions };
	static const struct workload percona = { "tpcc", "./tpcc_percona.lua", .writes = true,
						 .classes = percona_transactions };
	return t->script_dir ? &percona : &ours;
}

/* Of a cardinality, at least so many that a transaction finds what it asks for. */
static unsigned part_of(const struct tpcc *t, unsigned whole, unsigned least)
{
	double n = round(t->script_dir ? whole : whole * t->density);
	return n < least ? least : (unsigned)n;
}

unsigned tpcc_items(const struct tpcc *t)
{
	return part_of(t, 100000, 100);
}

unsigned tpcc_customers(const struct tpcc *t)
{
	return part_of(t, 3000, 10);
}

/* Delivered are 2,100 of 3,000, rounded down as in lua/tpcc_load.lua. */
unsigned tpcc_waiting_orders(const struct tpcc *t)
{
	unsigned customers = tpcc_customers(t);
	return customers - customers * 7 / 10;
}

const char *const *tpcc_prepare_commands(const struct tpcc *t)
{
	static const char *const ours[] = { "create", "fill", "index", NULL }, *const percona[] = { "prepare", NULL };
	return t->script_dir ? percona : ours;
}

unsigned tpcc_command_threads(const struct tpcc *t, const char *command, unsigned threads)
{
	/* Ours cut each warehouse in three, and the items are one more for each table set; Percona's know warehouses.
	 */
	unsigned parts = t->script_dir ? t->scale : t->tables * (3 * t->scale + 1);
	if (strcmp(command, "fill") != 0 && strcmp(command, "prepare") != 0)
		return 1;
	return parts < threads ? parts : threads;
}

void tpcc_add_options(const struct tpcc *t, struct strlist *argv)
{
	strlist_addf(argv, "--scale=%u", t->scale);
	strlist_addf(argv, "--tables=%u", t->tables);
	strlist_addf(argv, "--trx_level=%s", t->isolation);
	if (t->script_dir)
		return;
	strlist_addf(argv, "--items=%u", tpcc_items(t));
	strlist_addf(argv, "--customers=%u", tpcc_customers(t));
}

/* ---- the data ---- */

/* The only value of a query as a number; NAN if there is none, or NULL. */
static int query_number(struct database *d, double *ret, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int query_number(struct database *d, double *ret, struct error *err, const char *fmt, ...)
{
	CLEANUP(strbuf) struct strbuf sql = STRBUF_INIT(1024), value = STRBUF_INIT(64);
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&sql, fmt, ap);
	va_end(ap);
	if (strbuf_check(&sql, err) < 0 || database_query_value(d, sql.data, &value, err) < 0)
		return -1;
	*ret = NAN;
	if (value.len && str_to_double(value.data, -1e18, 1e18, ret) < 0)
		return error_set(err, ERROR_LOAD, "\"%s\" is no number", value.data);
	return 0;
}

int tpcc_check_rows(struct database *d, const struct tpcc *t, struct error *err)
{
	double customers = (double)t->scale * DISTRICTS * tpcc_customers(t), items = tpcc_items(t);
	const struct {
		const char *table;
		double rows;
	} expected[] = {
		{ "warehouse", t->scale },     { "district", t->scale * DISTRICTS },
		{ "customer", customers },     { "history", customers },
		{ "orders", customers },       { "new_orders", (double)t->scale * DISTRICTS * tpcc_waiting_orders(t) },
		{ "stock", t->scale * items }, { "item", items },
	};
	for (unsigned set = 1; set <= t->tables; set++)
		for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
			double rows;
			if (query_number(d, &rows, err, "SELECT COUNT(*) FROM %s%u", expected[i].table, set) < 0)
				return -1;
			if (!(rows == expected[i].rows))
				return error_set(err, ERROR_LOAD, "table %s%u has %.0f rows instead of %.0f",
						 expected[i].table, set, rows, expected[i].rows);
		}
	return 0;
}

/* A place in the data, for queries and messages. */
struct place {
	struct database *d;
	const char *when;
	unsigned set, warehouse, district;
};

/* Opens the message of a condition that does not hold; the caller adds the numbers. */
static int violated(const struct place *p, const char *condition, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int violated(const struct place *p, const char *condition, struct error *err, const char *fmt, ...)
{
	char numbers[256], where[96];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(numbers, sizeof numbers, fmt, ap);
	va_end(ap);
	if (p->district)
		snprintf(where, sizeof where, "warehouse %u, district %u", p->warehouse, p->district);
	else
		snprintf(where, sizeof where, "warehouse %u", p->warehouse);
	error_set(err, ERROR_LOAD, "TPC-C consistency condition %s does not hold %s: %s (table set %u): %s", condition,
		  p->when, where, p->set, numbers);
	return error_hint(err, "the server lost or doubled a change, or something else wrote to its tables");
}

/* Condition 1: W_YTD = sum(D_YTD). In cents, since an engine may sum as floating point. */
static int check_warehouse(const struct place *p, struct error *err)
{
	double w_ytd, d_ytd;
	if (query_number(p->d, &w_ytd, err, "SELECT w_ytd FROM warehouse%u WHERE w_id = %u", p->set, p->warehouse) <
		    0 ||
	    query_number(p->d, &d_ytd, err, "SELECT SUM(d_ytd) FROM district%u WHERE d_w_id = %u", p->set,
			 p->warehouse) < 0)
		return -1;
	if (!(round(100 * w_ytd) == round(100 * d_ytd)))
		return violated(p, "3.3.2.1", err, "w_ytd is %.2f, the sum of d_ytd %.2f", w_ytd, d_ytd);
	return 0;
}

/* Conditions 2 and 3: D_NEXT_O_ID - 1 = max(O_ID) = max(NO_O_ID), and NO_O_ID without gaps. A district in which no
 * order waits has nothing in NEW-ORDER to compare. */
static int check_orders(const struct place *p, struct error *err)
{
	double next, last, waiting_last, waiting_first, waiting;
	const unsigned s = p->set, w = p->warehouse, d = p->district;
	if (query_number(p->d, &next, err, "SELECT d_next_o_id FROM district%u WHERE d_w_id = %u AND d_id = %u", s, w,
			 d) < 0 ||
	    query_number(p->d, &last, err, "SELECT MAX(o_id) FROM orders%u WHERE o_w_id = %u AND o_d_id = %u", s, w,
			 d) < 0 ||
	    query_number(p->d, &waiting_last, err,
			 "SELECT MAX(no_o_id) FROM new_orders%u WHERE no_w_id = %u AND no_d_id = %u", s, w, d) < 0 ||
	    query_number(p->d, &waiting_first, err,
			 "SELECT MIN(no_o_id) FROM new_orders%u WHERE no_w_id = %u AND no_d_id = %u", s, w, d) < 0 ||
	    query_number(p->d, &waiting, err, "SELECT COUNT(*) FROM new_orders%u WHERE no_w_id = %u AND no_d_id = %u",
			 s, w, d) < 0)
		return -1;
	bool none = waiting == 0;
	if (!(next - 1 == last) || !(none || last == waiting_last))
		return violated(p, "3.3.2.2", err,
				"d_next_o_id - 1 is %.0f, the greatest o_id %.0f, the greatest no_o_id %.0f", next - 1,
				last, waiting_last);
	if (!(none || waiting_last - waiting_first + 1 == waiting))
		return violated(p, "3.3.2.3", err, "no_o_id goes from %.0f to %.0f, in %.0f rows", waiting_first,
				waiting_last, waiting);
	return 0;
}

/* Condition 4: sum(O_OL_CNT) is the number of rows in ORDER-LINE. */
static int check_lines(const struct place *p, struct error *err)
{
	double counted, lines;
	if (query_number(p->d, &counted, err, "SELECT SUM(o_ol_cnt) FROM orders%u WHERE o_w_id = %u AND o_d_id = %u",
			 p->set, p->warehouse, p->district) < 0 ||
	    query_number(p->d, &lines, err, "SELECT COUNT(*) FROM order_line%u WHERE ol_w_id = %u AND ol_d_id = %u",
			 p->set, p->warehouse, p->district) < 0)
		return -1;
	if (!(counted == lines))
		return violated(p, "3.3.2.4", err, "the sum of o_ol_cnt is %.0f, order_line has %.0f rows", counted,
				lines);
	return 0;
}

int tpcc_check_conditions(struct database *d, const struct tpcc *t, const char *when, struct error *err)
{
	struct place p = { .d = d, .when = when };
	for (p.set = 1; p.set <= t->tables; p.set++)
		for (p.warehouse = 1; p.warehouse <= t->scale; p.warehouse++) {
			p.district = 0;
			if (check_warehouse(&p, err) < 0)
				return -1;
			for (p.district = 1; p.district <= DISTRICTS; p.district++)
				if (check_orders(&p, err) < 0 || check_lines(&p, err) < 0)
					return -1;
		}
	return 0;
}
