/* SPDX-License-Identifier: Apache-2.0 */
/* sim: see sim.h. */
#include "ports/sim/sim.h"

#include <setjmp.h>

static struct sim *now;
static jmp_buf out;

struct sim *sim_now(void)
{
    return now;
}

static struct port_region region_take(uint32_t *at, uint32_t sectors, uint32_t sector_len)
{
    struct port_region region = { *at, sectors * sector_len };
    *at += region.len;
    return region;
}

void sim_make(struct sim *sim, uint32_t sector_len, uint32_t granule_len, uint8_t erased)
{
    uint32_t at = 0;
    uint32_t small = 8192 / sector_len;
    memset(sim, 0, sizeof *sim);
    memset(sim->flash, erased, sizeof sim->flash);
    sim->map.sector_len = sector_len;
    sim->map.granule_len = granule_len;
    sim->map.erased = erased;
    sim->map.boot_sectors = 2; /* the anchor pages stand for BL1 here */
    sim->map.anchor[0] = region_take(&at, 1, sector_len);
    sim->map.anchor[1] = region_take(&at, 1, sector_len);
    for (unsigned i = 0; i < 2; i++) {
        sim->map.store[i] = region_take(&at, small, sector_len);
        sim->map.state[i] = region_take(&at, 2, sector_len);
        sim->map.vault[i] = region_take(&at, small, sector_len);
        sim->map.counter[i] = region_take(&at, 1, sector_len);
        sim->map.sbm[i] = region_take(&at, 4, sector_len);
        sim->map.package[i] = region_take(&at, 28, sector_len);
    }
    sim->map.log = region_take(&at, 2, sector_len);
    sim->map.sbm_package = region_take(&at, 8, sector_len);
    sim->map.primary = region_take(&at, 24, sector_len);
    sim->map.sbm_image_off = sector_len;
    memcpy(sim->unique_id, "simulated chip 1", sizeof sim->unique_id);
    memcpy(sim->root_key, "the root key of simulated chip 1", sizeof sim->root_key);
}

enum sim_end sim_run(struct sim *sim, void (*code)(void))
{
    now = sim;
    sim->sealed = 0;
    sim->log_len = 0;
    int end = setjmp(out);
    if (end == 0) {
        code();
        end = SIM_RETURNED;
    }
    return (enum sim_end)end;
}

/* Counts an operation of `len` bytes; gives how many of them happen. A cut at this operation does not return here, but
 * after the caller has done its part: see cut_finish. */
static uint32_t operation_begin(uint32_t len)
{
    now->operations++;
    if (now->operations != now->cut_at) {
        return len;
    }
    if (now->cut_mode == SIM_CUT_BEFORE) {
        longjmp(out, SIM_POWER_CUT);
    }
    return now->cut_mode == SIM_CUT_TORN && now->cut_len < len ? now->cut_len : len;
}

static void cut_finish(void)
{
    if (now->operations == now->cut_at && now->cut_mode != SIM_CUT_NONE) {
        longjmp(out, SIM_POWER_CUT);
    }
}

const struct port_flash *port_flash(void)
{
    return &now->map;
}

struct bytes port_flash_view(uint32_t off, uint32_t len)
{
    return bytes_of(now->flash + off, len);
}

static status_t range_check(uint32_t off, uint32_t len, uint32_t unit)
{
    if (off > SIM_FLASH_LEN || len > SIM_FLASH_LEN - off) {
        return STATUS_FLASH_RANGE;
    }
    if (off % unit != 0 || len % unit != 0) {
        return STATUS_FLASH_ALIGN;
    }
    if (now->sealed) {
        return STATUS_FLASH_SEALED;
    }
    return now->fuses[2] != 0 && off < now->fuses[3] * now->map.sector_len ? STATUS_FLASH_LOCKED : STATUS_OK;
}

status_t port_flash_erase(uint32_t off)
{
    status_t status = range_check(off, now->map.sector_len, now->map.sector_len);
    if (status != STATUS_OK) {
        return status;
    }
    now->erases++;
    memset(now->flash + off, now->map.erased, operation_begin(now->map.sector_len));
    cut_finish();
    return STATUS_OK;
}

status_t port_flash_program(uint32_t off, const uint8_t *data, uint32_t len)
{
    status_t status = range_check(off, len, now->map.granule_len);
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < len; i++) {
        if (now->flash[off + i] != now->map.erased) {
            return STATUS_FLASH_NOT_ERASED;
        }
    }
    memcpy(now->flash + off, data, operation_begin(len));
    cut_finish();
    return STATUS_OK;
}

void port_flash_seal(void)
{
    now->sealed = 1;
}

enum port_lifecycle port_lifecycle(void)
{
    return (enum port_lifecycle)now->fuses[0];
}

status_t port_unique_id(uint8_t id[16])
{
    memcpy(id, now->unique_id, sizeof now->unique_id);
    return STATUS_OK;
}

status_t port_root_key(uint8_t key[32])
{
    memcpy(key, now->root_key, sizeof now->root_key);
    return STATUS_OK;
}

uint32_t port_keys_retired(enum port_key_set set)
{
    return now->fuses[4 + set];
}

status_t port_key_retire(enum port_key_set set, unsigned index)
{
    if (operation_begin(1) == 1) {
        now->fuses[4 + set] |= 1u << (index & 3u);
    }
    cut_finish();
    return STATUS_OK;
}

status_t port_lock_for_good(uint32_t boot_sectors)
{
    const uint32_t values[] = { PORT_SECURED, 1, 1, boot_sectors };
    static const uint8_t order[] = { 3, 2, 0, 1 };
    for (unsigned i = 0; i < sizeof order; i++) {
        if (now->fuses[order[i]] == values[order[i]]) {
            continue;
        }
        if (operation_begin(1) == 1) {
            now->fuses[order[i]] = values[order[i]];
        }
        cut_finish();
    }
    return STATUS_OK;
}

uint32_t port_sbm_run_addr(unsigned slot)
{
    return now->map.sbm[slot].off + now->map.sbm_image_off;
}

uint32_t port_primary_run_addr(void)
{
    return now->map.primary.off;
}

void port_application_ram(uint32_t *first, uint32_t *last)
{
    *first = 0x20000000u;
    *last = 0x20010000u;
}

void port_log(const char *text)
{
    size_t len = strlen(text);
    if (len < sizeof now->log - now->log_len) {
        memcpy(now->log + now->log_len, text, len + 1);
        now->log_len += (uint32_t)len;
    }
}

volatile uint8_t *port_mailbox(void)
{
    return (volatile uint8_t *)now->mailbox;
}

void port_outputs_safe(void)
{
}

_Noreturn void port_reset(void)
{
    longjmp(out, SIM_RESET);
}

_Noreturn void port_sleep(void)
{
    longjmp(out, SIM_ASLEEP);
}

_Noreturn void port_start_sbm(uint32_t addr)
{
    now->started_addr = addr;
    longjmp(out, SIM_STARTED_SBM);
}

_Noreturn void port_start_application(uint32_t addr)
{
    now->started_addr = addr;
    longjmp(out, SIM_STARTED_APPLICATION);
}
