#include "profiler/flame.h"

#include "base/embed.h"
#include "base/text.h"
#include "profiler/flame_tree.h"
#include "profiler/value.h"

#include <math.h>
#include <string.h>

extern const struct embedded_file flame_files[];

enum { WIDTH = 1200, HEADER = 54, DETAIL = 18, ROW = 18, FOOTER = 44, TITLE_COLUMNS = 70, NAME_COLUMNS = 400 };
#define CHAR_WIDTH 7.25 /* of a 12 px monospaced font, rounded up */
#define TELL_APART_P 0.01
#define TOO_NARROW .3 /* pixels: not seen before one zooms */

struct drawing {
	const struct flame_tree *tree;
	const struct flame_spec *spec;
	bool differential;
	uint32_t header; /* pixels above the frames */
	struct strbuf *out;
};

/* ---- colours ---- */

/* Equal packages have equal colours, in every picture. */
static const char *package_class(const struct frame_key *k)
{
	static const char *const classes[] = { "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9" };
	struct pprof_string package = k->no_symbol ? k->name : frame_package(k->name);
	if (k->no_symbol || !package.len || (package.len >= 7 && memcmp(package.data, "runtime", 7) == 0))
		return "rt";
	uint64_t hash = table_hash_bytes(1, package.data, package.len);
	return classes[(hash >> 32) % ARRAY_SIZE(classes)];
}

/* -4 to 4 by the size of the change; 0 within sampling error. */
static int change_class(const struct flame_tree *t, const struct flame_frame *f)
{
	static const double steps[] = { .1, .3, 1 };
	double s1 = t->from.sample / t->from.work, s2 = t->to.sample / t->to.work;
	double p = diff_p(round(f->from / s1), round(f->to / s2), s2 / (s1 + s2));
	if (p > TELL_APART_P || f->to == f->from) /* NAN: sampling error is unknown */
		return 0;
	double ratio = f->to > f->from ? f->to / f->from - 1 : f->from / f->to - 1;
	int size = 1;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		size += ratio > steps[i];
	return f->to > f->from ? size : -size;
}

static const char *class_of(const struct drawing *d, const struct flame_frame *f)
{
	static const char *const changes[] = { "s4", "s3", "s2", "s1", "same", "g1", "g2", "g3", "g4" };
	if (d->differential)
		return changes[change_class(d->tree, f) + 4];
	return f->key == FLAME_ROOT ? "root" : package_class(&d->tree->frames.keys[f->key]);
}

/* ---- text ---- */

static void add_value(const struct drawing *d, double value)
{
	struct diff scale = { .per = d->differential ? d->spec->per : DIFF_PER_WORK, .unit = d->tree->unit };
	diff_add_value(&scale, value, d->out);
}

static const char *per_name(const struct drawing *d)
{
	static const char *const names[] = { " per unit of work", " per second", " of the total" };
	return d->differential ? names[d->spec->per] : "";
}

static void add_change(const struct drawing *d, const struct flame_frame *f)
{
	strbuf_adds(d->out, "from ");
	add_value(d, f->from);
	strbuf_adds(d->out, " to ");
	add_value(d, f->to);
	strbuf_adds(d->out, per_name(d));
	if (f->from == 0)
		strbuf_adds(d->out, ", new");
	else if (f->to / f->from < 1000)
		strbuf_addf(d->out, ", %+.1f%%", 100 * (f->to / f->from - 1));
	if (!change_class(d->tree, f) && f->to != f->from)
		strbuf_adds(d->out, " (within sampling error)");
}

/* The second line of a frame's title. */
static void add_figures(const struct drawing *d, const struct flame_frame *f)
{
	if (d->differential) {
		add_change(d, f);
		return;
	}
	add_value(d, f->to);
	strbuf_addf(d->out, ", %.2f%%; itself ", 100 * f->width);
	add_value(d, f->self);
	strbuf_addf(d->out, ", %.2f%%", 100 * f->self * d->tree->to.work / d->tree->to.total);
}

/* Without the import path's folders, of which names are too long for most frames. */
static struct pprof_string short_name(const struct strbuf *name)
{
	size_t from = 0;
	for (size_t i = 0; i < name->len && !(name->data[i] == '[' && i); i++)
		if (name->data[i] == '/')
			from = i + 1;
	return (struct pprof_string){ name->data + from, name->len - from };
}

static void add_name(const struct drawing *d, const struct flame_frame *f, struct strbuf *name)
{
	if (f->key == FLAME_ROOT)
		strbuf_adds(name, "all");
	else
		frame_describe(&d->tree->frames.keys[f->key], name);
}

/* ---- frames ---- */

static void add_frame(const struct drawing *d, const struct flame_frame *f)
{
	CLEANUP(strbuf) struct strbuf name = STRBUF_INIT(PPROF_MAX_INFLATED_BYTES);
	struct strbuf *out = d->out;
	double x = f->x * WIDTH, width = f->width * WIDTH;
	uint32_t y = d->header + f->depth * ROW;
	add_name(d, f, &name);
	strbuf_addf(out, "<g class=\"f %s%s\"><title>", class_of(d, f),
		    width < TOO_NARROW ? " thin off"
		    : width < 3        ? " thin"
				       : "");
	text_add_xml(out, name.data, name.len, NAME_COLUMNS);
	strbuf_addc(out, '\n');
	add_figures(d, f);
	strbuf_addf(out, "</title><rect x=\"%.4f\" y=\"%u\" width=\"%.4f\" height=\"%d\" rx=\"1\"/>", x, y, width,
		    ROW - 1);
	int columns = (int)((width - 6) / CHAR_WIDTH);
	if (columns >= 3) {
		struct pprof_string label = short_name(&name);
		strbuf_addf(out, "<text x=\"%.2f\" y=\"%u.5\">", x + 3, y + 12);
		text_add_xml(out, label.data, label.len, (size_t)columns);
		strbuf_adds(out, "</text>");
	}
	strbuf_adds(out, "</g>\n");
	if (name.failed)
		out->failed = name.failed;
}

/* ---- around them ---- */

static void add_about(const struct drawing *d)
{
	const struct flame_tree *t = d->tree;
	const struct flame_frame *whole = &t->nodes[0];
	strbuf_adds(d->out, "<text class=\"about\" x=\"10\" y=\"44\">");
	text_add_xml(d->out, t->type.data, t->type.len, 40);
	if (d->differential) {
		strbuf_adds(d->out, ": ");
		add_change(d, whole);
		if (!isnan(t->from.sample) && !isnan(t->to.sample))
			strbuf_addf(d->out, "; %.0f and %.0f samples", t->from.total / t->from.sample,
				    t->to.total / t->to.sample);
	} else {
		strbuf_adds(d->out, ": ");
		add_value(d, whole->to);
		if (!isnan(t->to.sample) && t->to.sample != 1)
			strbuf_addf(d->out, " in %.0f samples", t->to.total / t->to.sample);
	}
	strbuf_adds(d->out, "</text>\n");
}

static void add_key(const struct drawing *d, double y)
{
	static const char *const classes[] = { "s4", "s3", "s2", "s1", "same", "g1", "g2", "g3", "g4" };
	strbuf_addf(d->out, "<text class=\"note\" x=\"10\" y=\"%.0f\">shrank</text>\n", y);
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		strbuf_addf(
			d->out,
			"<g class=\"%s\"><rect class=\"key\" x=\"%zu\" y=\"%.0f\" width=\"22\" height=\"12\"/></g>\n",
			classes[i], 56 + 22 * i, y - 10);
	strbuf_addf(
		d->out,
		"<text class=\"note\" x=\"262\" y=\"%.0f\">grew; steps at 10%%, 30%% and twice; grey: within sampling "
		"error. Width: the second profile.</text>\n",
		y);
}

/* What is not in the picture is said in it. */
static void add_notes(const struct drawing *d, double y)
{
	const struct flame_tree *t = d->tree;
	strbuf_addf(d->out, "<text class=\"note\" x=\"10\" y=\"%.0f\">", y);
	if (!t->hidden && !t->gone)
		strbuf_adds(d->out, "All frames are drawn.");
	if (t->hidden)
		strbuf_addf(d->out,
			    "Left out: %u branches, together %.2f%% of the width (narrower than %.3f%%, deeper than %d "
			    "frames, or "
			    "past the %u widest). ",
			    t->hidden, 100 * t->hidden_share, 100 * FLAME_MIN_SHARE, FLAME_MAX_DEPTH, t->max_frames);
	if (t->gone)
		strbuf_addf(d->out, "Gone since the first profile: %u branches, %.2f%% of it.", t->gone,
			    100 * t->gone_share);
	strbuf_adds(d->out, "</text>\n");
}

static void add_script(const struct drawing *d)
{
	const struct embedded_file *file = embedded_find(flame_files, "flame.js");
	strbuf_adds(d->out, "<script><![CDATA[\n");
	strbuf_add(d->out, file->data, file->len);
	strbuf_adds(d->out, "]]></script>\n");
}

static void add_style(const struct drawing *d)
{
	const struct embedded_file *file = embedded_find(flame_files, "flame.css");
	/* No CDATA: in an HTML page it would be text of the style. The style holds neither < nor &. */
	strbuf_adds(d->out, "<style>\n");
	strbuf_add(d->out, file->data, file->len);
	strbuf_adds(d->out, "</style>\n");
}

static void add_all(const struct drawing *d)
{
	const char *title = d->spec->title && *d->spec->title ? d->spec->title : "Flame graph";
	struct strbuf *out = d->out;
	uint32_t deepest = 0;
	for (uint32_t i = 0; i < d->tree->n; i++)
		deepest = d->tree->nodes[i].depth > deepest ? d->tree->nodes[i].depth : deepest;
	uint32_t end = d->header + (deepest + 1) * ROW, height = end + FOOTER + (d->differential ? 20 : 0);
	if (d->spec->interactive)
		strbuf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	strbuf_addf(out,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"flame\" role=\"img\" width=\"100%%\" "
		    "viewBox=\"0 0 %d "
		    "%u\" data-width=\"%d\" data-height=\"%u\" data-header=\"%u\" data-row=\"%d\" aria-label=\"",
		    WIDTH, height, WIDTH, height, d->header, ROW);
	text_add_xml(out, title, strlen(title), SIZE_MAX);
	strbuf_adds(out, "\">\n");
	add_style(d);
	strbuf_adds(out, "<text class=\"title\" x=\"10\" y=\"25\">");
	text_add_xml(out, title, strlen(title), TITLE_COLUMNS);
	strbuf_adds(out, "</text>\n");
	add_about(d);
	if (d->spec->interactive)
		strbuf_adds(out, "<text class=\"detail\" x=\"10\" y=\"64\"></text>\n");
	strbuf_adds(out, "<g class=\"frames\">\n");
	for (uint32_t i = 0; i < d->tree->n; i++)
		add_frame(d, &d->tree->nodes[i]);
	strbuf_adds(out, "</g>\n");
	if (d->differential)
		add_key(d, end + 20);
	add_notes(d, end + (d->differential ? 44 : 24));
	if (d->spec->interactive)
		add_script(d);
	strbuf_adds(out, "</svg>\n");
}

int flame_svg(const struct pprof *from, const struct pprof *to, const struct flame_spec *spec, struct strbuf *out,
	      struct error *err)
{
	CLEANUP(flame_tree) struct flame_tree tree = { 0 };
	if (flame_tree_make(from, to, spec, &tree, err) < 0)
		return -1;
	struct drawing d = { .tree = &tree,
			     .spec = spec,
			     .differential = from != NULL,
			     .header = HEADER + (spec->interactive ? DETAIL : 0),
			     .out = out };
	add_all(&d);
	return strbuf_check(out, err);
}
