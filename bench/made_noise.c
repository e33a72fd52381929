#include "made_noise.h"

#include "benchmarker/plan.h"

#include <math.h>

const char *const made_noise_names[NOISE_SHAPES] = {
	[NOISE_GAUSS] = "gauss",      [NOISE_STUDENT3] = "student-t3", [NOISE_BURSTS] = "bursts",
	[NOISE_AR03] = "ar1-0.3",     [NOISE_AR06] = "ar1-0.6",        [NOISE_AR03_T3] = "ar1-0.3-t3",
	[NOISE_UNEVEN] = "uneven",    [NOISE_LOUDER] = "louder",       [NOISE_UNCLAIMED] = "louder-unclaimed",
	[NOISE_IDLE] = "idle-claims",
};

double made_noise_uniform(uint64_t *seed)
{
	return ((double)(plan_random(seed) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *seed)
{
	double u = made_noise_uniform(seed), v = made_noise_uniform(seed);
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

/* Of standard deviation 1. */
static double student3(uint64_t *seed)
{
	double z = normal(seed), chi = 0;
	for (int k = 0; k < 3; k++)
		chi += pow(normal(seed), 2);
	return z / sqrt(chi / 3) / sqrt(3);
}

static double burst(uint64_t *seed)
{
	const double off = 4, share = 0.1, sd = sqrt(1 + share * (1 - share) * off * off);
	double z = normal(seed);
	return (z - (made_noise_uniform(seed) < share ? off : 0) + share * off) / sd;
}

/* What point i claims, 0: nothing; and what its error is. */
static double error_of(enum made_noise_shape shape, size_t i, size_t len, uint64_t *seed, double *ret_claim)
{
	const double small = 0.5, large = 1.8, quiet = sqrt(0.2);
	double error = 1;
	if (shape == NOISE_UNEVEN || shape == NOISE_IDLE)
		error = made_noise_uniform(seed) < 0.25 ? large : small;
	else if (shape == NOISE_LOUDER || shape == NOISE_UNCLAIMED)
		error = i < len / 2 ? quiet : 3 * quiet;
	*ret_claim = shape == NOISE_UNEVEN || shape == NOISE_LOUDER || shape == NOISE_IDLE ? error : 0;
	return shape == NOISE_IDLE ? 1 : error;
}

void made_noise_make(enum made_noise_shape shape, size_t len, uint64_t *seed, struct changepoint_point *ret)
{
	bool tails = shape == NOISE_STUDENT3 || shape == NOISE_AR03_T3;
	double correlation = shape == NOISE_AR03 || shape == NOISE_AR03_T3 ? 0.3 : shape == NOISE_AR06 ? 0.6 : 0;
	double last = normal(seed), claim;
	for (size_t i = 0; i < len; i++) {
		double z = shape == NOISE_BURSTS ? burst(seed) : tails ? student3(seed) : normal(seed);
		last = correlation * last + sqrt(1 - correlation * correlation) * z;
		double error = error_of(shape, i, len, seed, &claim);
		ret[i] = (struct changepoint_point){ error * last, claim };
	}
}
