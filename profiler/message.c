#include "profiler/message.h"

#define AT(S, member) offsetof(struct pprof_##S, member)

const struct message_spec message_value_type = {
	.name = "ValueType",
	.extra = AT(value_type, extra),
	.fields = { [1] = { FIELD_STRING, AT(value_type, type) }, [2] = { FIELD_STRING, AT(value_type, unit) } },
};

const struct message_spec message_sample = {
	.name = "Sample",
	.extra = AT(sample, extra),
	.fields = { [SAMPLE_LOCATION_ID] = { FIELD_REFS, 0 },
		    [SAMPLE_VALUE] = { FIELD_VALUES, 0 },
		    [SAMPLE_LABEL] = { FIELD_LABEL, 0 } },
};

const struct message_spec message_label = {
	.name = "Label",
	.extra = AT(label, extra),
	.fields = { [1] = { FIELD_STRING, AT(label, key) },
		    [2] = { FIELD_STRING, AT(label, str) },
		    [3] = { FIELD_INT64, AT(label, num) },
		    [4] = { FIELD_STRING, AT(label, num_unit) } },
};

const struct message_spec message_mapping = {
	.name = "Mapping",
	.extra = AT(mapping, extra),
	.fields = { [1] = { FIELD_ID, AT(mapping, id) },
		    [2] = { FIELD_INT64, AT(mapping, start) },
		    [3] = { FIELD_INT64, AT(mapping, limit) },
		    [4] = { FIELD_INT64, AT(mapping, offset) },
		    [5] = { FIELD_STRING, AT(mapping, filename) },
		    [6] = { FIELD_STRING, AT(mapping, build_id) },
		    [7] = { FIELD_BOOL, AT(mapping, has_functions) },
		    [8] = { FIELD_BOOL, AT(mapping, has_filenames) },
		    [9] = { FIELD_BOOL, AT(mapping, has_line_numbers) },
		    [10] = { FIELD_BOOL, AT(mapping, has_inline_frames) } },
};

const struct message_spec message_location = {
	.name = "Location",
	.extra = AT(location, extra),
	.fields = { [1] = { FIELD_ID, AT(location, id) },
		    [2] = { FIELD_MAPPING, AT(location, mapping) },
		    [3] = { FIELD_INT64, AT(location, address) },
		    [LOCATION_LINE] = { FIELD_LINE, 0 },
		    [5] = { FIELD_BOOL, AT(location, folded) } },
};

const struct message_spec message_line = {
	.name = "Line",
	.extra = AT(line, extra),
	.fields = { [1] = { FIELD_FUNCTION, AT(line, function) },
		    [2] = { FIELD_INT64, AT(line, line) },
		    [3] = { FIELD_INT64, AT(line, column) } },
};

const struct message_spec message_function = {
	.name = "Function",
	.extra = AT(function, extra),
	.fields = { [1] = { FIELD_ID, AT(function, id) },
		    [2] = { FIELD_STRING, AT(function, name) },
		    [3] = { FIELD_STRING, AT(function, system_name) },
		    [4] = { FIELD_STRING, AT(function, filename) },
		    [5] = { FIELD_INT64, AT(function, start_line) } },
};

int64_t *profile_int(struct pprof *p, uint32_t number)
{
	switch (number) {
	case PROFILE_TIME_NANOS:
		return &p->time_ns;
	case PROFILE_DURATION_NANOS:
		return &p->duration_ns;
	case PROFILE_PERIOD:
		return &p->period;
	}
	return NULL;
}

uint32_t *profile_string(struct pprof *p, uint32_t number)
{
	switch (number) {
	case PROFILE_DROP_FRAMES:
		return &p->drop_frames;
	case PROFILE_KEEP_FRAMES:
		return &p->keep_frames;
	case PROFILE_DEFAULT_SAMPLE_TYPE:
		return &p->default_type;
	case PROFILE_DOC_URL:
		return &p->doc_url;
	}
	return NULL;
}
