#include "net/transfer.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#define DEFAULT_TIMEOUT_NS (60 * NS_PER_SECOND)
#define DEFAULT_STALL_NS (30 * NS_PER_SECOND)

static CURLcode global_result;

static void global_init(void)
{
	global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int transfer_init(struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, global_init);
	return global_result ? error_set(err, ERROR_INTERNAL, "libcurl: %s", curl_easy_strerror(global_result)) : 0;
}

static uint64_t timeout_of(const struct transfer_limits *l)
{
	return l->timeout_ns ? l->timeout_ns : DEFAULT_TIMEOUT_NS;
}

static uint64_t stall_of(const struct transfer_limits *l)
{
	return l->stall_ns ? l->stall_ns : DEFAULT_STALL_NS;
}

/* Grows with every byte and every step of the connection. */
static uint64_t progress_of(CURL *easy, uint64_t lines)
{
	static const CURLINFO counters[] = { CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T,
					     CURLINFO_APPCONNECT_TIME_T, CURLINFO_SIZE_UPLOAD_T,
					     CURLINFO_SIZE_DOWNLOAD_T };
	uint64_t sum = lines;
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		curl_off_t v = 0;
		curl_easy_getinfo(easy, counters[i], &v);
		sum += (uint64_t)v;
	}
	return sum;
}

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, 0) > 0; /* never for -1 */
}

static CURLcode result_of(CURLM *multi)
{
	int left;
	const CURLMsg *message = curl_multi_info_read(multi, &left);
	return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_FAILED_INIT;
}

enum transfer_end transfer_run(CURLM *multi, CURL *easy, const struct transfer_limits *limits, const uint64_t *lines,
			       CURLcode *ret_code)
{
	uint64_t deadline = clock_deadline(timeout_of(limits)), stall = clock_deadline(stall_of(limits)), progress = 0;
	struct curl_waitfd ends[2] = { { .fd = limits->teardown ? -1 : stop_fd(), .events = CURL_WAIT_POLLIN } };
	unsigned n_ends = ends[0].fd >= 0;
	if (limits->cancel_fd >= 0)
		ends[n_ends++] = (struct curl_waitfd){ .fd = limits->cancel_fd, .events = CURL_WAIT_POLLIN };
	for (int running = 1;;) {
		CURLMcode m = curl_multi_perform(multi, &running);
		if (m == CURLM_OK && !running)
			break;
		if (!limits->teardown && stop_requested())
			return TRANSFER_STOPPED;
		if (is_readable(limits->cancel_fd))
			return TRANSFER_CANCELLED;
		uint64_t now = progress_of(easy, *lines);
		if (now != progress)
			stall = clock_deadline(stall_of(limits));
		progress = now;
		if (clock_left_ms(deadline) == 0)
			return TRANSFER_TIMED_OUT;
		if (clock_left_ms(stall) == 0)
			return TRANSFER_STALLED;
		int wait_ms = clock_left_ms(deadline < stall ? deadline : stall);
		if (m == CURLM_OK)
			m = curl_multi_poll(multi, ends, n_ends, wait_ms < 0 ? 60000 : wait_ms, NULL);
		if (m != CURLM_OK) {
			*ret_code = m == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
			return TRANSFER_BROKEN;
		}
	}
	*ret_code = result_of(multi);
	return TRANSFER_ENDED;
}

int transfer_limit_error(enum transfer_end end, const struct transfer_limits *limits, struct error *err)
{
	bool whole = end == TRANSFER_TIMED_OUT;
	double seconds = (double)(whole ? timeout_of(limits) : stall_of(limits)) / (double)NS_PER_SECOND;
	return error_set(err, ERROR_PUBLISH, "%s %.6g s", whole ? "not finished after" : "nothing moved for", seconds);
}

char *transfer_url_part(CURLU *parsed, CURLUPart part)
{
	char *text = NULL;
	if (curl_url_get(parsed, part, &text, 0) != CURLUE_OK)
		return NULL;
	char *copy = strdup(text);
	curl_free(text);
	return copy;
}
