/* Values of a profile: which column, and how a figure of its unit is written. For profiler/ alone. */
#ifndef PROFILER_VALUE_H
#define PROFILER_VALUE_H

#include "profiler/diff.h"

/* The column whose type has that name ("cpu"); NULL or "": the profile's default type, else the last, as `go tool
 * pprof` does. 0, or -1 and ERROR_USAGE that names the types there are. */
int value_column(const struct pprof *p, const char *type, uint32_t *ret, struct error *err);

bool value_same_text(const struct pprof_string *a, const struct pprof_string *b);

/* What values are divided by to be comparable: the work as given, the seconds of the profile, or its total. ERROR_USAGE
 * if that is not above 0. */
int value_work(const struct pprof *p, enum diff_per per, double work, double total, double *ret, struct error *err);
/* What one sample is worth, given the sums of the column and of samples/count; NAN if the profile does not tell. */
double value_of_sample(const struct pprof *p, uint32_t column, double total, double count);

/* "490ms", "1.50MB", "12": scaled where the unit is time or bytes, two decimals at most, -0 is 0. */
void value_add(struct strbuf *out, double value, struct pprof_string unit);
/* The same at the right of width columns. */
void value_add_right(struct strbuf *out, double value, struct pprof_string unit, int width);
/* A share in per cent at the right of 8 columns: "12.34%", "0.05%". */
void value_add_share(struct strbuf *out, double share);

#endif
