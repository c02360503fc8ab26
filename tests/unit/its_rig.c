/* SPDX-License-Identifier: Apache-2.0 */
/* its_rig: see its_rig.h. */
#include "tests/unit/its_rig.h"

#define VAULT_LEN 16384u

const struct its_geometry its_geometries[ITS_GEOMETRIES] = {
    { 512, 1, 0xFF }, { 512, 16, 0x00 }, { 2048, 8, 0xFF }, { 4096, 8, 0x00 }, { 4096, 16, 0xFF }, { 4096, 32, 0x00 }
};
struct sim its_machine;
enum sim_end its_end;
uint8_t its_data[STORE_ITS_DATA_MAX];
size_t its_len;

static struct {
    uint32_t owner;
    uint64_t uid;
    struct bytes data;
    uint32_t flags;
    size_t offset;
    struct psa_storage_info_t info;
    psa_status_t result;
} call;

void its_make(const struct its_geometry *geometry)
{
    const struct sim_layout layout = { .store = VAULT_LEN / geometry->sector_len,
                                       .state = 2,
                                       .vault = VAULT_LEN / geometry->sector_len,
                                       .sbm = 2,
                                       .sbm_envelope = 1,
                                       .sbm_package = 2,
                                       .package = 2,
                                       .primary = 2 };
    sim_make_layout(&its_machine, geometry->sector_len, geometry->granule_len, geometry->erased, &layout);
    its_restart();
}

void its_restart(void)
{
    store_its_wipe();
}

static psa_status_t call_run(void (*code)(void), uint32_t owner, uint64_t uid)
{
    call.owner = owner;
    call.uid = uid;
    call.result = PSA_ERROR_BAD_STATE;
    its_end = sim_run(&its_machine, code);
    if (its_end != SIM_RETURNED) {
        its_restart();
        return PSA_ERROR_BAD_STATE;
    }
    return call.result;
}

static void set_run(void)
{
    call.result = store_its_set(call.owner, call.uid, call.data, call.flags);
}

psa_status_t its_set(uint32_t owner, uint64_t uid, struct bytes data, uint32_t flags)
{
    call.data = data;
    call.flags = flags;
    return call_run(set_run, owner, uid);
}

static void get_run(void)
{
    struct store_its_out out = { its_data, its_len };
    call.result = store_its_get(call.owner, call.uid, call.offset, &out);
    its_len = out.len;
}

psa_status_t its_get(uint32_t owner, uint64_t uid, size_t offset, size_t size)
{
    memset(its_data, 0xA5, sizeof its_data);
    its_len = size;
    call.offset = offset;
    return call_run(get_run, owner, uid);
}

static void info_run(void)
{
    call.result = store_its_get_info(call.owner, call.uid, &call.info);
}

psa_status_t its_get_info(uint32_t owner, uint64_t uid, struct psa_storage_info_t *info)
{
    psa_status_t result = call_run(info_run, owner, uid);
    *info = call.info;
    return result;
}

static void remove_run(void)
{
    call.result = store_its_remove(call.owner, call.uid);
}

psa_status_t its_remove(uint32_t owner, uint64_t uid)
{
    return call_run(remove_run, owner, uid);
}

static void reset_run(void)
{
    call.result = store_its_reset();
}

psa_status_t its_reset(void)
{
    return call_run(reset_run, 0, 0);
}

struct bytes its_pattern(uint64_t uid, unsigned version, size_t len)
{
    static uint8_t pattern[STORE_ITS_DATA_MAX + 1];
    for (size_t i = 0; i < len; i++) {
        pattern[i] = (uint8_t)(uid * 37 + version * 101 + i * 7 + i / 256);
    }
    return bytes_of(pattern, len);
}

int its_holds(uint32_t owner, uint64_t uid, unsigned version, size_t len)
{
    return its_get(owner, uid, 0, sizeof its_data) == PSA_SUCCESS &&
           bytes_equal(bytes_of(its_data, its_len), its_pattern(uid, version, len));
}
