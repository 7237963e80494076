/* SPDX-License-Identifier: MIT */
/* A schema with every type of field, for tests of filters and rules. */
#ifndef UNIT_RECORDS_WARD_H
#define UNIT_RECORDS_WARD_H

#include "records/filter/rules.h"

/* units: code, head (→ people).
 * people: name email site age height salary active born seen status tags unit
 *     boss friends photo notes, secret (hidden), pay (managers only), own (the
 *     record's own user only), absences_count, days_off, last_absence.
 * absences: person (→ people), day, days, state, approver (→ people).
 * files: title. */
extern const char ward_json[];

struct schema *ward_open(struct arena *a);

/* A condition as text again, in one form: "(a = 1 && b ?~ '%x%')". */
struct str ward_say(const struct condition *c, struct arena *a);

#endif
