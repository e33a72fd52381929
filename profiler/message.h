/* The messages of profile.proto as tables, from which both the decoder and the encoder work. For profiler/ alone. */
#ifndef PROFILER_MESSAGE_H
#define PROFILER_MESSAGE_H

#include "profiler/pprof.h"

#include <stdint.h>

enum profile_field {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING_TABLE = 6,
	PROFILE_DROP_FRAMES = 7,
	PROFILE_KEEP_FRAMES = 8,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
	PROFILE_DOC_URL = 15,
};

enum sample_field { SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3 };
enum { LOCATION_LINE = 4 };

/* What a field holds in its struct. */
enum field_kind {
	FIELD_UNKNOWN = 0,
	FIELD_STRING,   /* uint32_t index into strings */
	FIELD_INT64,    /* int64_t or uint64_t, never an id */
	FIELD_ID,       /* uint64_t */
	FIELD_BOOL,     /* bool */
	FIELD_MAPPING,  /* uint32_t index + 1, in the message as an id */
	FIELD_FUNCTION, /* the same */
	FIELD_LINE,     /* a message in lines */
	FIELD_REFS,     /* ids of locations in refs, packed or not */
	FIELD_VALUES,   /* values, packed or not */
	FIELD_LABEL,    /* a message in labels */
};

struct field_spec {
	uint8_t kind;
	uint8_t offset;
};

#define MESSAGE_FIELDS 12

struct message_spec {
	const char *name;
	uint8_t extra; /* offset of the member of that name */
	struct field_spec fields[MESSAGE_FIELDS];
};

extern const struct message_spec message_value_type, message_sample, message_label, message_mapping, message_location,
	message_line, message_function;

/* The specification of a field, FIELD_UNKNOWN for any other number. */
static inline struct field_spec message_field(const struct message_spec *m, uint32_t number)
{
	return number < MESSAGE_FIELDS ? m->fields[number] : (struct field_spec){ 0 };
}

/* An int64 or uint64 field of the profile itself; NULL for any other number. */
int64_t *profile_int(struct pprof *p, uint32_t number);
/* A string field of the profile itself; NULL for any other number. */
uint32_t *profile_string(struct pprof *p, uint32_t number);

#endif
