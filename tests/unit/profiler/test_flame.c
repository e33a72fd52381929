#include "profiler/flame_tree.h"
#include "stacks.h"

#include <expat.h>
#include <math.h>

#define LIMIT FLAME_MAX_BYTES

/* What is in a picture, counted by an XML parser: it also checks that it is well-formed. */
struct seen {
	int frames, scripts, ids, texts;
	struct strbuf titles; /* each ends with "\n--\n" */
	bool in_title;
};

static void on_start(void *data, const char *name, const char **attributes)
{
	struct seen *s = data;
	s->scripts += strcmp(name, "script") == 0;
	s->texts += strcmp(name, "text") == 0;
	s->in_title = strcmp(name, "title") == 0;
	for (; *attributes; attributes += 2) {
		s->ids += strcmp(attributes[0], "id") == 0;
		s->frames += strcmp(attributes[0], "class") == 0 && strncmp(attributes[1], "f ", 2) == 0;
		if (strncmp(attributes[0], "on", 2) == 0 || strstr(attributes[0], "href"))
			fail_msg("attribute %s", attributes[0]);
	}
}

static void on_end(void *data, const char *name)
{
	struct seen *s = data;
	if (strcmp(name, "title") == 0)
		strbuf_adds(&s->titles, "\n--\n");
	s->in_title = false;
}

static void on_text(void *data, const char *text, int len)
{
	struct seen *s = data;
	if (s->in_title)
		strbuf_add(&s->titles, text, (size_t)len);
}

static void look(const struct strbuf *svg, struct seen *s)
{
	XML_Parser parser = XML_ParserCreate(NULL);
	*s = (struct seen){ .titles = STRBUF_INIT(LIMIT) };
	XML_SetUserData(parser, s);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	if (XML_Parse(parser, svg->data, (int)svg->len, true) != XML_STATUS_OK)
		fail_msg("line %lu: %s", XML_GetCurrentLineNumber(parser), XML_ErrorString(XML_GetErrorCode(parser)));
	XML_ParserFree(parser);
}

static void seen_release(struct seen *s)
{
	strbuf_release(&s->titles);
}

static const struct stack stacks[] = { { "main.main;db.Scan;db.Scan;mem.Read", 4 },
				       { "main.main;db.Scan|mem.Read", 3 },
				       { "main.main;?", 2 },
				       { "", 1 },
				       { 0 } };

/* Depth, share of the width and of what is its own, in order: "0 100 10 all". */
static void tree_of(const struct flame_tree *t, struct strbuf *out)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct flame_frame *f = &t->nodes[i];
		strbuf_addf(out, "%u %.0f+%.0f %.0f ", f->depth, 100 * f->x, 100 * f->width,
			    100 * f->self / (t->to.total / t->to.work));
		if (f->key == FLAME_ROOT)
			strbuf_adds(out, "all");
		else
			frame_describe(&t->frames.keys[f->key], out);
		strbuf_addc(out, '\n');
	}
}

static void tree(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(flame_tree) struct flame_tree t = { 0 };
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	make_stacks(&p, stacks);
	check_ok(flame_tree_make(NULL, &p, &(struct flame_spec){ 0 }, &t, err));
	tree_of(&t, &out);
	check_str(out.data, "0 0+100 10 all\n"
			    "1 0+90 0 main.main\n"
			    "2 0+70 0 db.Scan\n"
			    "3 0+40 0 db.Scan\n"
			    "4 0+40 40 mem.Read\n"
			    "3 40+30 30 mem.Read\n"
			    "2 70+20 20 [db]\n");
	assert_int_equal(t.hidden, 0);
}

/* Twice the work in from: what had 40 of 100 samples there had 20 a unit, and so on. */
static void tree_of_two(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof from = PPROF_INIT, to = PPROF_INIT;
	CLEANUP(flame_tree) struct flame_tree t = { 0 };
	CLEANUP(strbuf) struct strbuf svg = STRBUF_INIT(LIMIT);
	CLEANUP(seen) struct seen s;
	make_stacks(&from,
		    (const struct stack[]){
			    { "m;same", 400 }, { "m;grew", 40 }, { "m;gone;deep", 60 }, { "m;shrank", 300 }, { 0 } });
	make_stacks(&to, (const struct stack[]){
				 { "m;shrank", 50 }, { "m;same", 200 }, { "m;grew", 100 }, { "m;new", 50 }, { 0 } });
	struct flame_spec spec = { .per = DIFF_PER_WORK, .from_work = 2, .to_work = 1, .title = "a → b" };
	check_ok(flame_tree_make(&from, &to, &spec, &t, err));
	assert_int_equal(t.n, 6);
	assert_int_equal(t.gone, 1); /* gone;deep is one branch */
	assert_true(fabs(t.gone_share - 60 / 800.) < 1e-9);
	assert_true(t.nodes[0].from == 4e9 && t.nodes[0].to == 4e9);
	check_ok(flame_svg(&from, &to, &spec, &svg, err));
	look(&svg, &s);
	assert_int_equal(s.frames, 6);
	check_contains(s.titles.data, "same\nfrom 2s to 2s per unit of work, +0.0%\n--\n");
	check_contains(s.titles.data, "grew\nfrom 200ms to 1s per unit of work, +400.0%\n--\n");
	check_contains(s.titles.data, "new\nfrom 0 to 500ms per unit of work, new\n--\n");
	check_contains(svg.data, "<g class=\"f g4\"><title>grew\n");
	check_contains(svg.data, "<g class=\"f g4\"><title>new\n");
	check_contains(svg.data, "<g class=\"f s4\"><title>shrank\n");
	check_contains(svg.data, "<g class=\"f same\"><title>same\n");
	check_contains(svg.data, "Gone since the first profile: 1 branches, 7.50% of it.");
}

static void within_sampling_error_is_grey(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof from = PPROF_INIT, to = PPROF_INIT;
	CLEANUP(strbuf) struct strbuf svg = STRBUF_INIT(LIMIT);
	make_stacks(&from, (const struct stack[]){ { "m;a", 20 }, { "m;b", 1000 }, { 0 } });
	make_stacks(&to, (const struct stack[]){ { "m;a", 26 }, { "m;b", 1200 }, { 0 } });
	check_ok(flame_svg(&from, &to, &(struct flame_spec){ .from_work = 1, .to_work = 1 }, &svg, err));
	check_contains(
		svg.data,
		"<g class=\"f same\"><title>a\nfrom 200ms to 260ms per unit of work, +30.0% (within sampling error)<");
	check_contains(svg.data, "<g class=\"f g2\"><title>b\nfrom 10s to 12s per unit of work, +20.0%<");
}

static void hostile_names(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	make_stacks(&p, (const struct stack[]){
				{ "<script>alert(1)</script>", 50 },
				{ "]]></title></svg>\"'&amp\x01\x1b[31m\xff\xc3", 30 },
				{ "\xe2\x80\xaetxt.exe\xef\xbf\xbf", 20 },
				{ 0 },
			});
	for (int interactive = 0; interactive <= 1; interactive++) {
		CLEANUP(strbuf) struct strbuf svg = STRBUF_INIT(LIMIT);
		CLEANUP(seen) struct seen s;
		struct flame_spec spec = { .title = "</text><script>\x02", .interactive = interactive };
		check_ok(flame_svg(NULL, &p, &spec, &svg, err));
		look(&svg, &s);
		assert_int_equal(s.frames, 4);
		assert_int_equal(s.scripts, interactive);
		assert_int_equal(s.ids, 0);
		check_contains(s.titles.data, "<script>alert(1)</script>\n500ms, 50.00%; itself 500ms, 50.00%\n--\n");
		check_contains(s.titles.data, "]]></title></svg>\"'&amp\uFFFD\uFFFD[31m\uFFFD\uFFFD\n");
		check_contains(s.titles.data, "\uFFFDtxt.exe\uFFFD\n");
	}
}

/* Deeper than is drawn: said, and its time stays in its callers. */
static void deep(void **state)
{
	(void)state;
	CLEANUP(strbuf) struct strbuf frames = STRBUF_INIT(LIMIT), svg = STRBUF_INIT(LIMIT);
	for (int i = 0; i < 10000; i++)
		strbuf_adds(&frames, i % 2 ? "r;" : "s;");
	strbuf_adds(&frames, "leaf");
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(flame_tree) struct flame_tree t = { 0 };
	make_stacks(&p, (const struct stack[]){ { frames.data, 3 }, { "s;leaf", 1 }, { 0 } });
	check_ok(flame_tree_make(NULL, &p, &(struct flame_spec){ 0 }, &t, err));
	assert_int_equal(t.n, 1 + FLAME_MAX_DEPTH + 1);
	assert_int_equal(t.hidden, 1);
	assert_true(t.hidden_share == 0.75);
	check_ok(flame_svg(NULL, &p, &(struct flame_spec){ 0 }, &svg, err));
	check_contains(svg.data, "Left out: 1 branches, together 75.00% of the width");
}

/* 20,000 functions as wide as each other, all narrower than what is drawn; and 11,000 that are not. */
static void many(void **state)
{
	(void)state;
	static const struct {
		int n;
		uint32_t drawn, hidden;
	} cases[] = { { 20000, 1, 20000 }, { 11000, FLAME_MAX_FRAMES, 11001 - FLAME_MAX_FRAMES } };
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		struct pprof p = PPROF_INIT;
		CLEANUP(flame_tree) struct flame_tree t = { 0 };
		CLEANUP(strbuf) struct strbuf b = STRBUF_INIT(LIMIT);
		MAKE(&b, 1, 1, 1, 2, 2);
		for (const char *const *n = (const char *const[]){ "", "samples", "count", NULL }; *n; n++)
			make_text(&b, 6, *n);
		for (uint64_t i = 1; i <= (uint64_t)cases[c].n; i++) {
			char name[32];
			snprintf(name, sizeof name, "p.f%d", (int)i);
			make_text(&b, 6, name);
			MAKE(&b, 5, 1, i, 2, i + 2);
			CLEANUP(strbuf) struct strbuf l = STRBUF_INIT(100);
			make_int(&l, 1, i);
			MAKE(&l, 4, 1, i, 2, 1);
			make_message(&b, 4, l.data, l.len);
			MAKE(&b, 2, 1, i, 2, 5);
		}
		check_ok(pprof_read(&p, b.data, b.len, err));
		check_ok(flame_tree_make(NULL, &p, &(struct flame_spec){ 0 }, &t, err));
		assert_int_equal(t.n, cases[c].drawn);
		assert_int_equal(t.hidden, cases[c].hidden);
		assert_true(fabs(t.hidden_share - (double)t.hidden / cases[c].n) < 1e-9);
		pprof_release(&p);
	}
}

/* The widest of those that there are, and what is left of them. */
static void few(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(flame_tree) struct flame_tree t = { 0 };
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT);
	make_stacks(&p, stacks);
	check_ok(flame_tree_make(NULL, &p, &(struct flame_spec){ .max_frames = 4 }, &t, err));
	tree_of(&t, &out);
	check_str(out.data, "0 0+100 10 all\n1 0+90 0 main.main\n2 0+70 0 db.Scan\n3 0+40 0 db.Scan\n");
	assert_int_equal(t.hidden, 3);
	assert_true(fabs(t.hidden_share - 0.9) < 1e-9);
}

/* Several in one page, as HTML has them: the same bytes for the same profile, whatever stood there before. */
static void embedded(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof p = PPROF_INIT;
	CLEANUP(strbuf) struct strbuf page = STRBUF_INIT(LIMIT);
	CLEANUP(seen) struct seen s;
	make_stacks(&p, stacks);
	strbuf_adds(&page, "<body>");
	check_ok(flame_svg(NULL, &p, &(struct flame_spec){ .title = "one" }, &page, err));
	size_t one = page.len - 6;
	check_ok(flame_svg(NULL, &p, &(struct flame_spec){ .title = "one" }, &page, err));
	assert_int_equal(page.len, 6 + 2 * one);
	assert_memory_equal(page.data + 6, page.data + 6 + one, one);
	strbuf_adds(&page, "</body>");
	look(&page, &s);
	assert_int_equal(s.frames, 14);
	assert_int_equal(s.scripts + s.ids, 0);
	check_contains(page.data, "All frames are drawn.");
	assert_null(strstr(page.data, "style=\""));
	assert_null(strstr(page.data, "url("));
}

static void refused(void **state)
{
	(void)state;
	CLEANUP(pprof) struct pprof none = PPROF_INIT, negative = PPROF_INIT, good = PPROF_INIT;
	CLEANUP(strbuf) struct strbuf out = STRBUF_INIT(LIMIT), small = STRBUF_INIT(1000);
	struct flame_spec spec = { .per = DIFF_PER_WORK };
	make_stacks(&none, (const struct stack[]){ { 0 } });
	make_stacks(&negative, (const struct stack[]){ { "a", -1 }, { 0 } });
	make_stacks(&good, stacks);
	check_fails(flame_svg(NULL, &none, &spec, &out, err), ERROR_USAGE, "the profile has no samples");
	check_fails(flame_svg(NULL, &negative, &spec, &out, err), ERROR_USAGE, "sample 1 has a negative value");
	check_fails(flame_svg(&none, &good, &spec, &out, err), ERROR_USAGE, "from: the profile has no samples");
	check_fails(flame_svg(&good, &good, &spec, &out, err), ERROR_USAGE, "from: the work is not a number above 0");
	spec.from_work = 1;
	check_fails(flame_svg(&good, &good, &spec, &out, err), ERROR_USAGE, "to: the work is not a number above 0");
	spec.type = "heap";
	check_fails(flame_svg(NULL, &good, &spec, &out, err), ERROR_USAGE, "no sample type \"heap\"");
	assert_int_equal(out.len, 0);
	check_fails(flame_svg(NULL, &good, &(struct flame_spec){ 0 }, &small, err), ERROR_INTERNAL,
		    "limit of 1000 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree),
		cmocka_unit_test(tree_of_two),
		cmocka_unit_test(within_sampling_error_is_grey),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(deep),
		cmocka_unit_test(many),
		cmocka_unit_test(embedded),
		cmocka_unit_test(few),
		cmocka_unit_test(refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
