/* SPDX-License-Identifier: Apache-2.0 */
/* sim_array: the simulated board's flash and fuses. Each change is a numbered operation, at which the power may go. */
#include "ports/sim/sim.h"
#include "ports/sim/sim_board.h"

static uint32_t seed;

static uint32_t random_next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

/* Counts an operation. Gives how it ends: NONE is a whole one; after all others the caller ends with cut_finish. */
static enum sim_cut_mode operation_begin(void)
{
    struct sim *sim = sim_now();
    sim->operations++;
    if (sim->operations != sim->cut_at || sim->cut_mode == SIM_CUT_NONE) {
        return SIM_CUT_NONE;
    }
    if (sim->cut_mode == SIM_CUT_BEFORE) {
        sim_stop(SIM_POWER_CUT);
    }
    seed = sim->cut_seed * 2654435761u + sim->cut_at;
    seed = seed != 0 ? seed : 1;
    return sim->cut_mode;
}

static void cut_finish(enum sim_cut_mode how)
{
    if (how != SIM_CUT_NONE) {
        sim_stop(SIM_POWER_CUT);
    }
}

/* A byte in any state between and beside old and new. */
static uint8_t byte_torn(uint8_t old, uint8_t new)
{
    uint32_t r = random_next();
    uint8_t mask = (uint8_t)(r >> 16);
    switch (r >> 8 & 3u) {
    case 0:
        return old;
    case 1:
        return new;
    case 2:
        return (uint8_t)((old & mask) | (new &(uint8_t)~mask));
    default:
        return mask;
    }
}

/* Bytes that happen in full, from the first on; `*torn`: how many behind them are in any state. */
static uint32_t whole_len(enum sim_cut_mode how, uint32_t len, uint32_t unit, uint32_t *torn)
{
    *torn = 0;
    switch (how) {
    case SIM_CUT_TORN:
        return sim_now()->cut_len < len ? sim_now()->cut_len : len;
    case SIM_CUT_HALF:
        return len / 2;
    case SIM_CUT_LAST:
        *torn = 1;
        return len - 1;
    case SIM_CUT_RANDOM:
        *torn = unit;
        return random_next() % (len / unit) * unit;
    default:
        return len;
    }
}

/* Writes `data` (NULL: the erased value) as far as the operation goes. `unit`: bytes that change at a time. */
static void bytes_change(uint32_t off, const uint8_t *data, uint32_t len, uint32_t unit)
{
    struct sim *sim = sim_now();
    uint8_t *at = sim->flash + off;
    uint32_t torn;
    enum sim_cut_mode how = operation_begin();
    uint32_t whole = whole_len(how, len, unit, &torn);
    for (uint32_t i = 0; i < whole + torn; i++) {
        uint8_t new = data != NULL ? data[i] : sim->map.erased;
        at[i] = i < whole ? new : byte_torn(at[i], new);
    }
    cut_finish(how);
}

static void fuse_blow(unsigned word, uint32_t mask)
{
    enum sim_cut_mode how = operation_begin();
    uint32_t first = mask & (uint32_t) - (int32_t)mask;
    if (how == SIM_CUT_TORN && sim_now()->cut_len == 0) {
        mask = 0;
    } else if (how == SIM_CUT_HALF || how == SIM_CUT_TORN) {
        mask &= mask >> 16 != 0 ? 0xFFFFu : mask >> 8 != 0 ? 0xFFu : 0xFu;
    } else if (how == SIM_CUT_LAST) {
        mask &= ~first;
    } else if (how == SIM_CUT_RANDOM) {
        mask &= random_next();
    }
    sim_now()->fuses[word] |= mask;
    cut_finish(how);
}

const struct port_flash *port_flash(void)
{
    return &sim_now()->map;
}

struct bytes port_flash_view(uint32_t off, uint32_t len)
{
    return bytes_of(sim_now()->flash + off, len);
}

static status_t range_check(uint32_t off, uint32_t len, uint32_t unit)
{
    const struct sim *sim = sim_now();
    if (off > sim->flash_len || len > sim->flash_len - off) {
        return STATUS_FLASH_RANGE;
    }
    if (off % unit != 0 || len % unit != 0) {
        return STATUS_FLASH_ALIGN;
    }
    if (sim->sealed) {
        return STATUS_FLASH_SEALED;
    }
    return sim->fuses[2] != 0 && off < sim->fuses[3] * sim->map.sector_len ? STATUS_FLASH_LOCKED : STATUS_OK;
}

status_t port_flash_erase(uint32_t off)
{
    const struct port_flash *map = &sim_now()->map;
    uint32_t len = map->external_off != 0 && off >= map->external_off ? map->external_sector_len : map->sector_len;
    status_t status = range_check(off, len, len);
    if (status == STATUS_OK) {
        sim_now()->erases++;
        sim_board.erased[off / SIM_SECTOR_LEAST]++;
        bytes_change(off, NULL, len, len);
    }
    return status;
}

status_t port_flash_program(uint32_t off, const uint8_t *data, uint32_t len)
{
    const struct sim *sim = sim_now();
    status_t status = range_check(off, len, sim->map.granule_len);
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < len; i++) {
        if (sim->flash[off + i] != sim->map.erased) {
            return STATUS_FLASH_NOT_ERASED;
        }
    }
    if (len > 0) {
        bytes_change(off, data, len, sim->map.granule_len);
    }
    return STATUS_OK;
}

void port_flash_seal(void)
{
    sim_now()->sealed = 1;
}

/* One bit for each byte of the word: set when more than 4 of its 8 bits are. */
static uint32_t fuse_bytes_set(unsigned word)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t byte = sim_now()->fuses[word] >> 8 * i & 0xFFu;
        set |= __builtin_popcount(byte) > 4 ? 1u << i : 0;
    }
    return set;
}

enum port_lifecycle port_lifecycle(void)
{
    uint32_t set = fuse_bytes_set(0);
    return set == 0                             ? PORT_OPEN
           : set == 1                           ? PORT_PROVISIONING
           : set == 3                           ? PORT_SECURED
           : set == 7 || set == 11 || set == 15 ? PORT_DECOMMISSIONED
                                                : PORT_UNCLEAR;
}

status_t port_decommission(void)
{
    fuse_blow(0, UINT32_MAX);
    return STATUS_OK;
}

status_t port_debug_open(enum port_debug rights)
{
    if (rights == PORT_DEBUG_CLOSED || rights > PORT_DEBUG_SECURE || (uint32_t)rights < sim_now()->debug) {
        return STATUS_FUSE_DENIED;
    }
    sim_now()->debug = rights;
    return STATUS_OK;
}

uint32_t port_keys_retired(enum port_key_set set)
{
    return fuse_bytes_set(4u + (unsigned)set);
}

status_t port_key_retire(enum port_key_set set, unsigned index)
{
    fuse_blow(4u + (unsigned)set, 0xFFu << 8 * (index & 3u));
    return STATUS_OK;
}

status_t port_lock_for_good(uint32_t boot_sectors)
{
    const struct {
        unsigned word;
        uint32_t mask;
    } order[] = { { 3, boot_sectors }, { 2, UINT32_MAX }, { 0, 0xFFu }, { 0, 0xFFFFu }, { 1, UINT32_MAX } };
    for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++) {
        if ((sim_now()->fuses[order[i].word] & order[i].mask) != order[i].mask) {
            fuse_blow(order[i].word, order[i].mask);
        }
    }
    return STATUS_OK;
}
