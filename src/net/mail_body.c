#include "net/mail_body.h"

#include <string.h>

void mail_body_release(struct mail_body *b)
{
	for (size_t i = 0; i < b->len; i++) {
		struct mail_block *k = &b->blocks[i];
		free(k->text);
		free(k->url);
		for (size_t r = 0; r < k->rows_len; r++)
			strlist_release(&k->rows[r].cells);
		free(k->rows);
	}
	free(b->blocks);
	*b = (struct mail_body){ 0 };
}

/* Room for one more of size bytes; -1 without memory. */
static int grow(void **items, size_t len, size_t *cap, size_t size)
{
	if (len < *cap)
		return 0;
	size_t more = *cap ? 2 * *cap : 16;
	void *larger = reallocarray(*items, more, size);
	if (!larger)
		return -1;
	*items = larger;
	*cap = more;
	return 0;
}

static struct mail_block *add_block(struct mail_body *b, enum mail_block_kind kind)
{
	if (b->failed || grow((void **)&b->blocks, b->len, &b->cap, sizeof *b->blocks) < 0) {
		b->failed = true;
		return NULL;
	}
	struct mail_block *k = &b->blocks[b->len++];
	*k = (struct mail_block){ .kind = kind };
	return k;
}

void mail_body_add(struct mail_body *b, enum mail_block_kind kind, enum mail_tone tone, const char *text)
{
	struct mail_block *k = add_block(b, kind);
	if (!k)
		return;
	k->tone = tone;
	k->text = strdup(text ? text : "");
	b->failed |= !k->text;
}

/* An address that can do nothing but be opened: http or https, of the characters that addresses have. */
static bool is_web_address(const char *url)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&()*+,;=%";
	return (str_starts(url, "https://") || str_starts(url, "http://")) && url[strspn(url, allowed)] == 0;
}

void mail_body_link(struct mail_body *b, const char *text, const char *url)
{
	mail_body_add(b, MAIL_LINK, MAIL_TONE_PLAIN, text);
	if (b->failed || !url || !is_web_address(url))
		return;
	b->blocks[b->len - 1].url = strdup(url);
	b->failed |= !b->blocks[b->len - 1].url;
}

void mail_body_table(struct mail_body *b, bool head)
{
	struct mail_block *k = add_block(b, MAIL_TABLE);
	if (k)
		k->head = head;
}

void mail_body_row(struct mail_body *b, enum mail_tone tone, const char *const *cells)
{
	struct mail_block *k = b->failed || !b->len ? NULL : &b->blocks[b->len - 1];
	if (!k || k->kind != MAIL_TABLE || grow((void **)&k->rows, k->rows_len, &k->rows_cap, sizeof *k->rows) < 0) {
		b->failed = true;
		return;
	}
	struct mail_row *row = &k->rows[k->rows_len++];
	*row = (struct mail_row){ .tone = tone };
	b->failed |= strlist_add_all(&row->cells, cells) < 0;
}
