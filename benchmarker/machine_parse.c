#include "benchmarker/machine_parse.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

uint64_t machine_sum(uint64_t a, uint64_t b)
{
	return a == MACHINE_UNKNOWN || b == MACHINE_UNKNOWN || a > MACHINE_UNKNOWN - 1 - b ? MACHINE_UNKNOWN : a + b;
}

static uint64_t times(uint64_t a, uint64_t factor)
{
	return a == MACHINE_UNKNOWN || a > (MACHINE_UNKNOWN - 1) / factor ? MACHINE_UNKNOWN : a * factor;
}

uint64_t machine_ticks_ns(uint64_t ticks)
{
	return times(ticks, MACHINE_TICK_NS);
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static const char *next_line(const char *s)
{
	s += strcspn(s, "\n");
	return *s ? s + 1 : s;
}

/* The whole number at s, which a blank or a line break must end: one that is cut off could lack digits. *ret_end: where
 * it ends. MACHINE_UNKNOWN: there is none, or it does not fit, and *ret_end is s. */
static uint64_t read_number(const char *s, const char **ret_end)
{
	uint64_t value = 0;
	size_t n = strspn(s, "0123456789");
	*ret_end = s;
	if (n == 0 || !s[n] || !strchr(" \t\n", s[n]))
		return MACHINE_UNKNOWN;
	for (size_t i = 0; i < n; i++)
		value = machine_sum(times(value, 10), (uint64_t)(s[i] - '0'));
	if (value != MACHINE_UNKNOWN)
		*ret_end = s + n;
	return value;
}

uint64_t machine_parse_key(const char *text, const char *key)
{
	size_t n = strlen(key);
	const char *end;
	for (; *text; text = next_line(text))
		if (strncmp(text, key, n) == 0 && (text[n] == ' ' || text[n] == '\t'))
			return read_number(skip_blanks(text + n), &end);
	return MACHINE_UNKNOWN;
}

/* One CPU's line after its name: user nice system idle iowait irq softirq steal …. */
static void add_cpu(const char *s, uint64_t *busy, uint64_t *steal)
{
	enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
	uint64_t v[FIELDS];
	for (int i = 0; i < FIELDS; i++)
		v[i] = read_number(skip_blanks(s), &s);
	uint64_t own = machine_sum(v[USER], machine_sum(v[NICE], v[SYSTEM]));
	*busy = machine_sum(*busy, machine_sum(own, machine_sum(v[IRQ], v[SOFTIRQ])));
	*steal = machine_sum(*steal, v[STEAL]);
}

void machine_parse_cpus(const char *text, const cpu_set_t *set, unsigned *ret_cpus, uint64_t *ret_busy_ns,
			uint64_t *ret_steal_ns)
{
	uint64_t busy = 0, steal = 0;
	unsigned cpus = 0;
	for (; strncmp(text, "cpu", 3) == 0; text = next_line(text)) {
		const char *end = text;
		uint64_t number = text[3] == ' ' ? MACHINE_UNKNOWN : read_number(text + 3, &end);
		if (number >= CPU_SETSIZE || !CPU_ISSET(number, set))
			continue;
		cpus++;
		add_cpu(end, &busy, &steal);
	}
	*ret_cpus = cpus;
	*ret_busy_ns = cpus ? machine_ticks_ns(busy) : MACHINE_UNKNOWN;
	*ret_steal_ns = cpus ? machine_ticks_ns(steal) : MACHINE_UNKNOWN;
}

double machine_parse_cpu_limit(const char *text)
{
	const char *s = text;
	bool unlimited = strncmp(text, "max ", 4) == 0 || strncmp(text, "-1 ", 3) == 0;
	uint64_t quota = unlimited ? 0 : read_number(text, &s);
	s = unlimited ? strchr(text, ' ') : s;
	uint64_t period = quota == MACHINE_UNKNOWN ? 0 : read_number(skip_blanks(s), &s);
	if (quota == MACHINE_UNKNOWN || period == MACHINE_UNKNOWN || period == 0)
		return NAN;
	return unlimited ? INFINITY : (double)quota / (double)period;
}

uint64_t machine_parse_pressure(const char *text)
{
	const char *end;
	for (; *text; text = next_line(text)) {
		const char *total = strncmp(text, "some ", 5) == 0 ? strstr(text, " total=") : NULL;
		if (total && total < text + strcspn(text, "\n"))
			return times(read_number(total + 7, &end), 1000);
	}
	return MACHINE_UNKNOWN;
}

/* Whether word is an element of "cpu,cpuacct", n bytes long. */
static bool list_has(const char *list, size_t n, const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 0; i < n;) {
		size_t element = 0;
		while (i + element < n && list[i + element] != ',')
			element++;
		if (element == len && memcmp(list + i, word, len) == 0)
			return true;
		i += element + 1;
	}
	return false;
}

static bool copy(const char *s, size_t n, char ret[static MACHINE_PATH_BYTES])
{
	if (n == 0 || n >= MACHINE_PATH_BYTES)
		return false;
	memcpy(ret, s, n);
	ret[n] = 0;
	return true;
}

bool machine_parse_cgroup(const char *text, const char *controller, char ret[static MACHINE_PATH_BYTES])
{
	for (; *text; text = next_line(text)) { /* number:controllers:path */
		size_t line = strcspn(text, "\n");
		const char *list = memchr(text, ':', line);
		const char *path = list ? memchr(list + 1, ':', line - (size_t)(list + 1 - text)) : NULL;
		if (!path)
			continue;
		size_t n = (size_t)(path - list) - 1;
		bool version_2 = n == 0 && strncmp(text, "0:", 2) == 0;
		if (controller ? list_has(list + 1, n, controller) : version_2)
			return copy(path + 1, line - (size_t)(path + 1 - text), ret);
	}
	return false;
}

/* A line's words; the last are missing in a short one. Returns how many there are. */
#define MOUNT_WORDS 24
static size_t split(const char *line, const char *words[static MOUNT_WORDS], size_t lens[static MOUNT_WORDS])
{
	size_t n = 0;
	while (n < MOUNT_WORDS && *line && *line != '\n') {
		lens[n] = strcspn(line, " \n");
		words[n++] = line;
		line += lens[n - 1];
		line += strspn(line, " ");
	}
	return n;
}

bool machine_parse_mount(const char *text, const char *controller, char ret_root[static MACHINE_PATH_BYTES],
			 char ret_folder[static MACHINE_PATH_BYTES])
{
	const char *kind = controller ? "cgroup" : "cgroup2";
	for (; *text; text = next_line(text)) {
		const char *words[MOUNT_WORDS];
		size_t lens[MOUNT_WORDS], n = split(text, words, lens), dash = 6;
		while (dash < n && !(lens[dash] == 1 && words[dash][0] == '-'))
			dash++;
		if (dash + 3 >= n || lens[dash + 1] != strlen(kind) ||
		    memcmp(words[dash + 1], kind, lens[dash + 1]) != 0)
			continue;
		if (controller && !list_has(words[dash + 3], lens[dash + 3], controller))
			continue;
		char root[MACHINE_PATH_BYTES];
		if (!copy(words[3], lens[3], root) || !copy(words[4], lens[4], ret_folder))
			return false;
		memcpy(ret_root, root, lens[3] + 1);
		return true;
	}
	return false;
}
