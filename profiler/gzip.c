#include "profiler/gzip.h"

#include <limits.h>
#include <stdint.h>
#define ZLIB_CONST
#include <zlib.h>

#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib: with a gzip header */
#define STEP_BYTES (64u << 10)
#define MAX_RATIO 1032 /* no deflate stream inflates to more times its size (zlib.net/zlib_tech.html) */

bool gzip_is(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	return len >= 2 && b[0] == 0x1f && b[1] == 0x8b;
}

static void z_inflate_release(z_stream *z)
{
	inflateEnd(z);
}

/* The size that the trailer claims, to be believed only as a first allocation and within reason. */
static size_t claimed_size(const uint8_t *bytes, size_t len, size_t max)
{
	if (len < 18)
		return 0;
	const uint8_t *t = bytes + len - 4;
	size_t claim = (size_t)t[0] | (size_t)t[1] << 8 | (size_t)t[2] << 16 | (size_t)t[3] << 24;
	if (claim > len * MAX_RATIO || claim > max)
		return 0;
	return claim;
}

/* One call of inflate into whatever room out has; its result. */
static int inflate_step(z_stream *z, struct strbuf *out)
{
	size_t room = out->cap - out->len - 1, left = out->max - out->len;
	if (room > left)
		room = left;
	z->next_out = (uint8_t *)out->data + out->len;
	z->avail_out = room > UINT_MAX ? UINT_MAX : (uInt)room;
	uInt before = z->avail_out;
	int r = inflate(z, Z_NO_FLUSH);
	out->len += before - z->avail_out;
	out->data[out->len] = 0;
	return r;
}

int gzip_inflate(const void *bytes, size_t len, struct strbuf *out, struct error *err)
{
	if (len > UINT_MAX)
		return error_set(err, ERROR_USAGE, "the gzip stream has %zu bytes, which is too large", len);
	__attribute__((cleanup(z_inflate_release))) z_stream z = { 0 };
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return error_oom(err);
	z.next_in = bytes;
	z.avail_in = (uInt)len;
	strbuf_grow(out, claimed_size(bytes, len, out->max - out->len));
	int r = Z_OK;
	while (r == Z_OK) {
		size_t left = out->max - out->len;
		/* A stream may end just where the limit is: zlib gets a call without room to say so. */
		if (left && out->cap - out->len < 2 && strbuf_grow(out, left < STEP_BYTES ? left : STEP_BYTES) < 0)
			return strbuf_check(out, err);
		r = inflate_step(&z, out);
		if (r == Z_BUF_ERROR && z.avail_in && !left)
			return error_set(err, ERROR_USAGE, "inflates to more than the limit of %zu bytes", out->max);
	}
	if (strbuf_check(out, err) < 0)
		return -1;
	if (r == Z_MEM_ERROR)
		return error_oom(err);
	if (r == Z_BUF_ERROR)
		return error_set(err, ERROR_USAGE, "the gzip stream is cut off after %zu bytes", len);
	if (r != Z_STREAM_END)
		return error_set(err, ERROR_USAGE, "damaged gzip stream: %s", z.msg ? z.msg : "not gzip");
	if (z.avail_in)
		return error_set(err, ERROR_USAGE, "%u bytes follow the end of the gzip stream", z.avail_in);
	return 0;
}

struct gzip_writer {
	z_stream z;
	struct strbuf *out;
};

int gzip_writer_new(struct gzip_writer **ret, struct strbuf *out, struct error *err)
{
	struct gzip_writer *w = calloc(1, sizeof *w);
	if (!w)
		return error_oom(err);
	/* The fastest level, as Go's own profiler writes: a profile is small, and a merge is mostly compression. */
	if (deflateInit2(&w->z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(w);
		return error_oom(err);
	}
	w->out = out;
	*ret = w;
	return 0;
}

static int deflate_all(struct gzip_writer *w, const void *bytes, uInt len, int flush, struct error *err)
{
	w->z.next_in = bytes;
	w->z.avail_in = len;
	int r;
	do {
		size_t left = w->out->max - w->out->len;
		uInt room = left > STEP_BYTES ? STEP_BYTES : left ? (uInt)left : 1;
		if (strbuf_grow(w->out, room) < 0)
			return strbuf_check(w->out, err);
		w->z.next_out = (uint8_t *)w->out->data + w->out->len;
		w->z.avail_out = room;
		r = deflate(&w->z, flush);
		w->out->len += room - w->z.avail_out;
		w->out->data[w->out->len] = 0;
	} while (w->z.avail_out == 0);
	if (flush == Z_FINISH && r != Z_STREAM_END)
		return error_set(err, ERROR_INTERNAL, "zlib did not finish the stream");
	return 0;
}

int gzip_writer_add(struct gzip_writer *w, const void *bytes, size_t len, struct error *err)
{
	for (const uint8_t *at = bytes; len;) {
		uInt n = len > INT_MAX ? INT_MAX : (uInt)len;
		if (deflate_all(w, at, n, Z_NO_FLUSH, err) < 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

int gzip_writer_finish(struct gzip_writer *w, struct error *err)
{
	return deflate_all(w, "", 0, Z_FINISH, err);
}

void gzip_writer_free(struct gzip_writer *w)
{
	if (!w)
		return;
	deflateEnd(&w->z);
	free(w);
}
