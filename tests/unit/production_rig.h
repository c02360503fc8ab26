/* SPDX-License-Identifier: Apache-2.0 */
/* production_rig: a maker, two enrolled appliances, and one production package between them. */
#ifndef TESTS_UNIT_PRODUCTION_RIG_H
#define TESTS_UNIT_PRODUCTION_RIG_H

#include "host/appliance/folder.h"
#include "tests/unit/master_rig.h"

extern struct appliance_folder made_folder;      /* of factory-1, in "a"; factory-2 is in "b" */
extern struct hsm *made_hsm;                     /* its token */
extern struct bytes made_package;                /* number 7, three units */
extern int64_t made_at;                          /* time */
extern const struct production_floor made_floor; /* nothing was loaded yet */

int production_setup(void **state);
int production_teardown(void **state);
/* Opens folder and token of factory-1, after made_hsm was closed and the maker's token was used. */
void production_reopen(void);
/* The order by which made_package was made, with another output. */
struct master_production_order production_order_usual(const char *out);
/* Opens a package with factory-1 and closes it again. */
int production_try(struct bytes bytes, int64_t now, const struct production_floor *floor, struct fault *fault);
/* It is refused, with `part` in the reason. */
void production_refused(struct bytes bytes, int64_t now, const struct production_floor *floor, const char *part);

#endif
