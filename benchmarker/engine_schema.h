/* The schema of engine files as tables. Part of engine_parse.c's work; nobody else needs it. */
#ifndef BENCHMARKER_ENGINE_SCHEMA_H
#define BENCHMARKER_ENGINE_SCHEMA_H

#include "benchmarker/engine.h"

enum value_type {
	V_STRING,   /* char * */
	V_LIST,     /* struct strlist */
	V_COMMANDS, /* struct engine_commands: a list of lists */
	V_TARGETS,  /* struct engine.targets: an object of objects */
	V_SECONDS,  /* uint64_t nanoseconds */
	V_SIGNAL,   /* int */
	V_PORT,     /* unsigned */
	V_STARTS,   /* unsigned */
	V_FRACTION, /* double */
	V_PROTOCOL, /* enum protocol */
	V_OBJECT,   /* keys of its own, into the same struct */
};

enum {
	REQUIRED = 1,
	FILLED = 2,         /* neither an empty string nor an empty list */
	EXEC_VARIABLES = 4, /* ${exec} ${home} */
	FOLDER_VARIABLES =
		8, /* those, and all others but ports: what happens once cannot know a port that may change */
	ALL_VARIABLES = 16,
	CONFIG_VARIABLE = 32, /* beside them */
	BIG_VARIABLE = 64,
	FORMAT_VARIABLE = 128,
	PROFILE_VARIABLE = 256, /* without any of these, none */
	EITHER = 512,           /* two keys of an object have this, and one of them is there */
};

struct key {
	const char *name;
	enum value_type type;
	unsigned flags;
	size_t offset;          /* into struct engine, or engine_target */
	const struct key *keys; /* of V_OBJECT */
	/* Is this string (or each of this list) well-formed? else what it has to be; NULL: any */
	bool (*valid)(const char *s);
	const char *wanted;
};

extern const struct key engine_keys[], engine_target_keys[]; /* end with a NULL name */

/* "GOOS/GOARCH" */
bool engine_is_platform(const char *s);

#endif
