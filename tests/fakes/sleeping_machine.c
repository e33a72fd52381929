/* To be preloaded: the clock that counts suspended time is ahead by the seconds that stand in the file $SLEPT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int (*real)(clockid_t, struct timespec *) =
		(int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int result = real(id, ret);
	if (result < 0 || id != CLOCK_BOOTTIME)
		return result;
	FILE *file = fopen(getenv("SLEPT"), "re");
	long seconds = 0;
	if (!file || fscanf(file, "%ld", &seconds) != 1)
		abort();
	fclose(file);
	ret->tv_sec += seconds;
	return 0;
}
