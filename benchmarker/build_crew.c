/* Several builds at once: how many compile at a time, and with how many cores. A build that finds its binary in the
 * cache takes no share, so the shares are dealt when every build has said whether it will compile. */
#include "benchmarker/build_parts.h"

#include <sched.h>

static unsigned cores_here(void)
{
	cpu_set_t set;
	return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

void build_crew_init(struct build_crew *c, size_t builds, unsigned jobs)
{
	*c = (struct build_crew){ .silent = builds, .budget = jobs ? jobs : cores_here() };
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
}

void build_crew_release(struct build_crew *c)
{
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	strlist_release(&c->groups);
}

void build_crew_report(struct build_crew *c, const char *group)
{
	pthread_mutex_lock(&c->lock);
	if (group && !strlist_has(&c->groups, group))
		strlist_add(&c->groups, group);
	c->silent--;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

/* At most two on a small machine, so that one links while the other compiles: each wants memory of its own. */
static unsigned at_once(const struct build_crew *c)
{
	unsigned most = c->budget / 4 > 2 ? c->budget / 4 : 2;
	if (most > c->budget)
		most = c->budget;
	return c->groups.len < most ? (unsigned)c->groups.len : most;
}

unsigned build_crew_enter(struct build_crew *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->silent || (c->compiling && c->compiling >= at_once(c)))
		pthread_cond_wait(&c->changed, &c->lock);
	c->compiling++;
	unsigned n = at_once(c), share = n ? c->budget / n : c->budget;
	pthread_mutex_unlock(&c->lock);
	return share ? share : 1;
}

void build_crew_leave(struct build_crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->compiling--;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}
