/* SPDX-License-Identifier: Apache-2.0 */
/* sim: see sim.h. */
#include "ports/sim/sim.h"

#include <setjmp.h>
#include <stddef.h>
#include <string.h>

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

void sim_make_layout(struct sim *sim, uint32_t sector_len, uint32_t granule_len, uint8_t erased,
                     const struct sim_layout *layout)
{
    uint32_t at = 0;
    uint32_t arrival_len = sector_len;
    memset(sim, 0, sizeof *sim);
    memset(sim->flash, erased, sizeof sim->flash);
    sim->map.sector_len = sector_len;
    sim->map.granule_len = granule_len;
    sim->map.erased = erased;
    sim->map.boot_sectors = 2; /* the anchor pages stand for BL1 here */
    sim->map.anchor[0] = region_take(&at, 1, sector_len);
    sim->map.anchor[1] = region_take(&at, 1, sector_len);
    for (unsigned i = 0; i < 2; i++) {
        sim->map.store[i] = region_take(&at, layout->store, sector_len);
        sim->map.state[i] = region_take(&at, layout->state, sector_len);
        sim->map.vault[i] = region_take(&at, layout->vault, sector_len);
        sim->map.counter[i] = region_take(&at, 1, sector_len);
        sim->map.sbm[i] = region_take(&at, layout->sbm, sector_len);
    }
    sim->map.log = region_take(&at, 2, sector_len);
    sim->map.primary = region_take(&at, layout->primary, sector_len);
    if (layout->external_sector_len != 0) {
        arrival_len = layout->external_sector_len;
        at = (at + arrival_len - 1) / arrival_len * arrival_len;
        sim->map.external_off = at;
        sim->map.external_sector_len = arrival_len;
    }
    sim->map.package[0] = region_take(&at, layout->package, arrival_len);
    sim->map.package[1] = region_take(&at, layout->package, arrival_len);
    sim->map.sbm_package = region_take(&at, layout->sbm_package, arrival_len);
    sim->map.sbm_image_off = layout->sbm_envelope * sector_len;
    sim->flash_len = at;
    memcpy(sim->unique_id, "simulated chip 1", sizeof sim->unique_id);
    memcpy(sim->root_key, "the root key of simulated chip 1", sizeof sim->root_key);
}

void sim_make(struct sim *sim, uint32_t sector_len, uint32_t granule_len, uint8_t erased)
{
    uint32_t small = 8192 / sector_len;
    const struct sim_layout layout = { .store = small,
                                       .state = 2,
                                       .vault = small,
                                       .sbm = 4,
                                       .sbm_envelope = 1,
                                       .sbm_package = 8,
                                       .package = 28,
                                       .primary = 24 };
    sim_make_layout(sim, sector_len, granule_len, erased, &layout);
}

void sim_copy(struct sim *to, const struct sim *from)
{
    memcpy(to, from, offsetof(struct sim, flash) + from->flash_len);
}

void sim_secure(struct sim *sim)
{
    sim->fuses[0] = 0xFFFF;
}

_Noreturn void sim_stop(enum sim_end end)
{
    longjmp(out, (int)end);
}

enum sim_end sim_run(struct sim *sim, void (*code)(void))
{
    now = sim;
    sim->sealed = 0;
    sim->debug = 0;
    sim->log_len = 0;
    int end = setjmp(out);
    if (end == 0) {
        code();
        end = SIM_RETURNED;
    }
    return (enum sim_end)end;
}

status_t port_unique_id(uint8_t id[16])
{
    memcpy(id, now->unique_id, sizeof now->unique_id);
    return STATUS_OK;
}

status_t port_root_key(uint8_t key[32])
{
    memcpy(key, now->root_key, sizeof now->root_key);
    if (now->debug == PORT_DEBUG_SECURE) {
        memset(key, 0, sizeof now->root_key);
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
    if (now->on_mailbox != NULL) {
        now->on_mailbox();
    }
    return (volatile uint8_t *)now->mailbox;
}

_Noreturn void port_reset(void)
{
    sim_stop(SIM_RESET);
}

_Noreturn void port_sleep(void)
{
    sim_stop(SIM_ASLEEP);
}

unsigned port_sbm_slot(void)
{
    return now->sbm_slot;
}

_Noreturn void port_start_sbm(uint32_t addr)
{
    now->started_addr = addr;
    now->sbm_slot = addr == port_sbm_run_addr(1);
    sim_stop(SIM_STARTED_SBM);
}

_Noreturn void port_start_application(uint32_t addr)
{
    now->started_addr = addr;
    sim_stop(SIM_STARTED_APPLICATION);
}
