/* SPDX-License-Identifier: Apache-2.0 */
/* master_rig: a project with all its keys in a folder of the test's own, an image, and what tests of mastering do with
 * them. */
#ifndef TESTS_UNIT_MASTER_RIG_H
#define TESTS_UNIT_MASTER_RIG_H

#include "tests/unit/test.h"

#include "host/master/master.h"

#define RIG_IMAGE_LEN 700000u

extern struct project rig_project;
extern uint8_t *rig_image; /* of an application; app.bin in the folder */

int rig_setup(void **state);
int rig_teardown(void **state);

/* The same with factory-1's certificates transport and issuing in pki/appliances/factory-1/. Their keys are in the
 * development token. */
int rig_setup_with_appliance(void **state);
struct hsm *rig_appliance_open(void);

/* A path in the folder: good until 15 more were asked for. */
char *rig_path(const char *name);
/* A right order for the application. */
struct master_package_order rig_order(uint64_t sequence, const char *out);
void rig_package_make(uint64_t sequence, const char *out, int development);
struct master_block_order rig_block_order(const char *package, const char *to, const char *out);
/* The content of a file; rig_unload it. */
struct bytes rig_load(const char *name);
void rig_unload(struct bytes b);
/* The public key of pki/<label>.crt. */
void rig_key(const char *label, uint8_t key[64]);

#endif
