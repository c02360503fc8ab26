/* SPDX-License-Identifier: Apache-2.0 */
/* its_rig: a simulated chip on which internal trusted storage runs, one call at a time. */
#ifndef TESTS_UNIT_ITS_RIG_H
#define TESTS_UNIT_ITS_RIG_H

#include "ports/sim/sim.h"
#include "sbm/store_its.h"

struct its_geometry {
    uint32_t sector_len;
    uint32_t granule_len;
    uint8_t erased;
};
#define ITS_GEOMETRIES 6
extern const struct its_geometry its_geometries[ITS_GEOMETRIES];

extern struct sim its_machine;
/* A blank chip with vault mirrors of 16 KiB. */
void its_make(const struct its_geometry *geometry);

/* One call on the machine. `its_end` tells how the run ended; what was called returns BAD_STATE after a power cut. */
extern enum sim_end its_end;
psa_status_t its_set(uint32_t owner, uint64_t uid, struct bytes data, uint32_t flags);
/* Reads as much as there is into its_data; its_len is how much that was. */
extern uint8_t its_data[STORE_ITS_DATA_MAX];
extern size_t its_len;
psa_status_t its_get(uint32_t owner, uint64_t uid, size_t offset, size_t size);
psa_status_t its_get_info(uint32_t owner, uint64_t uid, struct psa_storage_info_t *info);
psa_status_t its_remove(uint32_t owner, uint64_t uid);
psa_status_t its_reset(void);
/* Power off and on: RAM is empty. */
void its_restart(void);

/* Bytes that tell uid and version: `len` of them. A view until the next call. */
struct bytes its_pattern(uint64_t uid, unsigned version, size_t len);
/* 1 when the entry is that pattern, all of it. */
int its_holds(uint32_t owner, uint64_t uid, unsigned version, size_t len);

#endif
