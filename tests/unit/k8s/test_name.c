#include "base/cleanup.h"
#include "check.h"
#include "k8s/name.h"

static void job_names(void **state)
{
	(void)state;
	static char long_name[301];
	memset(long_name, 'x', 300);
	static const struct {
		const char *actor, *version, *suffix, *name;
	} cases[] = {
		{ "Hydrocharged", "0123456789abcdef", NULL, "hydrocharged-01234567-1700000000000000001" },
		{ "coffeegoddd", "1.35.2", "tpcc", "coffeegoddd-1-35-2-tpcc-1700000000000000001" },
		{ "bot[bot]", "abc", "", "bot-bot-abc-1700000000000000001" },
		{ "a\nb'\"c", "../..//x", "profile", "a-b-c-x-profile-1700000000000000001" },
		{ "../../etc", "--upload-pack=x", NULL, "etc-upload-p-1700000000000000001" },
		{ "", "", NULL, "1700000000000000001" },
		{ "---", "$(reboot)", "\x01", "reboot-1700000000000000001" },
		{ "J\xc3\xbcrgen", "v1", NULL, "j-rgen-v1-1700000000000000001" },
		{ long_name, long_name, long_name, "xxxxxxxxxxxxx-xxxxxxxx-xxxxxxxxxxxxxxxxxxxx-1700000000000000001" },
		{ "a-very-long-actor-name-that-ends-in-a-dash-", "12345678", NULL,
		  "a-very-long-actor-name-that-ends-i-12345678-1700000000000000001" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char name[K8S_NAME_SIZE];
		k8s_job_name(cases[i].actor, cases[i].version, cases[i].suffix, 1700000000000000001, name);
		check_str(name, cases[i].name);
		assert_true(k8s_is_name(name));
	}
	char name[K8S_NAME_SIZE];
	k8s_job_name(long_name, long_name, long_name, UINT64_MAX, name);
	assert_true(k8s_is_name(name));
	assert_int_equal(strlen(name), 63);
}

static void cleaned(void **state)
{
	(void)state;
	static char long_name[301];
	memset(long_name, 'X', 300);
	static const char *const cases[][2] = {
		{ "Hydrocharged", "hydrocharged" },
		{ "bot[bot]", "bot-bot" },
		{ "../../etc", "etc" },
		{ "", "" },
		{ "$(reboot)\n", "reboot" },
		{ "[]", "" },
		{ "J\xc3\xbc", "j" },
	};
	char name[K8S_NAME_SIZE];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		k8s_clean(cases[i][0], name);
		check_str(name, cases[i][1]);
	}
	k8s_clean(long_name, name);
	assert_int_equal(strlen(name), 63);
	assert_true(k8s_is_name(name));
}

static void predicates(void **state)
{
	(void)state;
	static char n63[64], n64[65];
	memset(n63, 'a', 63);
	memset(n64, 'a', 64);
	static const struct {
		bool (*is)(const char *);
		const char *s;
		bool yes;
	} cases[] = {
		{ k8s_is_name, "a", true },
		{ k8s_is_name, "a-1", true },
		{ k8s_is_name, "1a", true },
		{ k8s_is_name, n63, true },
		{ k8s_is_name, n64, false },
		{ k8s_is_name, "", false },
		{ k8s_is_name, "-a", false },
		{ k8s_is_name, "a-", false },
		{ k8s_is_name, "A", false },
		{ k8s_is_name, "a.b", false },
		{ k8s_is_name, "a\n", false },
		{ k8s_is_subdomain, "a.b-c.d", true },
		{ k8s_is_subdomain, "a..b", false },
		{ k8s_is_subdomain, "a.", false },
		{ k8s_is_subdomain, ".a", false },
		{ k8s_is_subdomain, "a/b", false },
		{ k8s_is_subdomain, "", false },
		{ k8s_is_label_value, "", true },
		{ k8s_is_label_value, "A.b_c-9", true },
		{ k8s_is_label_value, n63, true },
		{ k8s_is_label_value, n64, false },
		{ k8s_is_label_value, "bot[bot]", false },
		{ k8s_is_label_value, "_a", false },
		{ k8s_is_label_value, "a b", false },
		{ k8s_is_label_key, "a", true },
		{ k8s_is_label_key, "kueue.x-k8s.io/queue-name", true },
		{ k8s_is_label_key, "", false },
		{ k8s_is_label_key, "/a", false },
		{ k8s_is_label_key, "a/", false },
		{ k8s_is_label_key, "a/b/c", false },
		{ k8s_is_label_key, "A.io/b", false },
		{ k8s_is_quantity, "7", true },
		{ k8s_is_quantity, "7500m", true },
		{ k8s_is_quantity, "16Gi", true },
		{ k8s_is_quantity, "0.5G", true },
		{ k8s_is_quantity, "0", false },
		{ k8s_is_quantity, "0.0", false },
		{ k8s_is_quantity, "-1", false },
		{ k8s_is_quantity, "1.", false },
		{ k8s_is_quantity, "Gi", false },
		{ k8s_is_quantity, "", false },
		{ k8s_is_quantity, "8GB", false },
		{ k8s_is_quantity, "8 Gi", false },
		{ k8s_is_quantity, "9999999999999999999", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (cases[i].is(cases[i].s) != cases[i].yes)
			fail_msg("case %zu: \"%s\": expected %d", i, cases[i].s, cases[i].yes);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(job_names), cmocka_unit_test(cleaned),
					    cmocka_unit_test(predicates) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
