/* SPDX-License-Identifier: Apache-2.0 */
/* production_content: whether the parts of an opened production package fit together. Internal to production.c. */
#ifndef HOST_PRODUCTION_PRODUCTION_CONTENT_H
#define HOST_PRODUCTION_PRODUCTION_CONTENT_H

#include "host/production/production.h"

/* Checks run->content against the signed terms and the appliance, as a chip would, and fills profile, sbm, app and
 * app_facts of `run`. The key block is opened once, so that a wrong one is found before a chip is touched. */
int production_content_check(const struct production_inputs *in, const struct production *terms,
                             struct production_run *run, struct fault *fault);

#endif
