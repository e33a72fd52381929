/* SQL that takes from a new results.db what schemas 1 and 2 had not, as far as it must not be there when it is read. */
#ifndef TESTS_SCHEMA_1_H
#define TESTS_SCHEMA_1_H

#define SCHEMA_2 "drop table validation; pragma user_version = 2;"

#define SCHEMA_1                                                                                              \
	SCHEMA_2                                                                                              \
	"alter table slice drop column start; alter table run drop column decision;"                          \
	"alter table server drop column build_ns; alter table server drop column binary_bytes;"               \
	"alter table profile drop column transactions; drop table geometric_mean;"                            \
	"drop table slice_rate; drop table slice_machine; drop table replaced_block; drop table slice_class;" \
	"pragma user_version = 1"

#endif
