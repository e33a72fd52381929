/* Checksums of objects. CRC parameters (reflected polynomials): CRC32 of ISO 3309, CRC32C of RFC 3720, CRC64NVME of the
 * NVM Express Command Set; S3 sends them big-endian in base64. */
#include "net/s3_request.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#define CHUNK_BYTES (64u << 10)

/* Calls each with consecutive runs of the source. */
static int for_chunks(const struct s3_source *s, bool (*each)(void *data, const void *p, size_t n), void *data,
		      struct error *err)
{
	if (s->fd < 0)
		return each(data, s->data + s->offset, (size_t)s->len) ? 0 : error_oom(err);
	AUTO_FREE char *chunk = malloc(CHUNK_BYTES);
	if (!chunk)
		return error_oom(err);
	for (uint64_t done = 0; done < s->len;) {
		size_t n = s->len - done < CHUNK_BYTES ? (size_t)(s->len - done) : CHUNK_BYTES;
		ssize_t got = pread(s->fd, chunk, n, (off_t)(s->offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, ERROR_INTERNAL, "cannot read the file");
		if (got == 0)
			return error_set(err, ERROR_INTERNAL, "the file became shorter while it was read");
		if (!each(data, chunk, (size_t)got))
			return error_oom(err);
		done += (uint64_t)got;
	}
	return 0;
}

static bool hash_chunk(void *data, const void *p, size_t n)
{
	return EVP_DigestUpdate(data, p, n);
}

int s3_sha256(const struct s3_source *source, unsigned char ret[SHA256_BYTES], struct error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx)
		return error_oom(err);
	int r = EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) ? for_chunks(source, hash_chunk, ctx, err) : error_oom(err);
	if (r == 0 && !EVP_DigestFinal_ex(ctx, ret, NULL))
		r = error_oom(err);
	EVP_MD_CTX_free(ctx);
	return r;
}

struct crc {
	uint64_t state;
	uint64_t table[256];
};

static bool crc_chunk(void *data, const void *p, size_t n)
{
	struct crc *c = data;
	const unsigned char *bytes = p;
	for (size_t i = 0; i < n; i++)
		c->state = c->table[(c->state ^ bytes[i]) & 0xff] ^ (c->state >> 8);
	return true;
}

static int crc_base64(const struct s3_source *source, uint64_t polynomial, unsigned bits, char *ret, struct error *err)
{
	const uint64_t ones = bits == 64 ? UINT64_MAX : UINT32_MAX;
	struct crc c = { .state = ones };
	for (unsigned i = 0; i < 256; i++) {
		c.table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			c.table[i] = c.table[i] & 1 ? c.table[i] >> 1 ^ polynomial : c.table[i] >> 1;
	}
	if (for_chunks(source, crc_chunk, &c, err) < 0)
		return -1;
	unsigned char bytes[8];
	for (unsigned i = 0; i < bits / 8; i++)
		bytes[i] = (unsigned char)((c.state ^ ones) >> (bits - 8 * (i + 1)));
	encode_base64(bytes, bits / 8, ret);
	return 0;
}

static int sha256_base64(const struct s3_source *source, char *ret, struct error *err)
{
	unsigned char hash[SHA256_BYTES];
	if (s3_sha256(source, hash, err) < 0)
		return -1;
	encode_base64(hash, sizeof hash, ret);
	return 0;
}

int s3_check_download(const struct http_reply *reply, int fd, struct error *err)
{
	static const struct {
		const char *header;
		uint64_t polynomial; /* 0: SHA-256 */
		unsigned bits;
	} kinds[] = { { "x-amz-checksum-sha256", 0, 256 },
		      { "x-amz-checksum-crc64nvme", 0x9A6C9329AC4BC9B5, 64 },
		      { "x-amz-checksum-crc32c", 0x82F63B78, 32 },
		      { "x-amz-checksum-crc32", 0xEDB88320, 32 } };
	off_t len = lseek(fd, 0, SEEK_END);
	if (len < 0)
		return error_errno(err, ERROR_INTERNAL, "cannot measure the download");
	const struct s3_source source = { .fd = fd, .len = (uint64_t)len };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *wanted = http_reply_header(reply, kinds[i].header);
		if (!wanted || strchr(wanted, '-')) /* "<base64>-<parts>" is a checksum of checksums */
			continue;
		char actual[SHA256_BASE64_CHARS + 1];
		int r = kinds[i].polynomial ? crc_base64(&source, kinds[i].polynomial, kinds[i].bits, actual, err)
					    : sha256_base64(&source, actual, err);
		if (r < 0)
			return -1;
		if (strcmp(actual, wanted) != 0)
			return error_set(err, ERROR_PUBLISH, "the bytes that came have %s %s, not %s",
					 kinds[i].header + 6, actual, wanted);
	}
	return 0;
}
