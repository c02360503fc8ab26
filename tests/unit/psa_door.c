/* SPDX-License-Identifier: Apache-2.0 */
/* psa_door: see psa_door.h. */
#include "tests/unit/psa_door.h"

#include "crypto/crypto.h"
#include "ports/sim/sim.h"
#include "sbm/device.h"
#include "sbm/service_crypto.h"
#include "sbm/store_its.h"
#include "sbm/veneer_host.h"
#include "tests/unit/test.h"

uint8_t door_arena[DOOR_ARENA_LEN] __attribute__((aligned(8)));
uint8_t door_identity[96];
const uint8_t door_marker[32] = { 0xD0, 0x0B, 0xA1, 0x1E, 0x57, 0xC4, 0x93, 0x6F, 0x28, 0xE5, 0x7A,
                                  0x0C, 0xB3, 0x91, 0x4D, 0xF6, 0x62, 0x8A, 0x35, 0xDE, 0x19, 0xC7,
                                  0x5B, 0xA0, 0x7F, 0x44, 0xE8, 0x23, 0x96, 0x3C, 0xFA, 0x81 };
static struct sim machine;
static struct sbm_crypto_call *calling;
static int32_t result;

void door_reset(void)
{
    service_crypto_wipe();
    store_its_wipe();
}

int door_setup(void **state)
{
    (void)state;
    door_reset();
    sim_make(&machine, 4096, 16, 0xFF);
    assert_int_equal(crypto_p256_generate(door_identity, door_identity + 32), STATUS_OK);
    memset(&device, 0, sizeof device);
    memcpy(device.provisioned.identity, door_identity, sizeof door_identity);
    memset(door_arena, 0, sizeof door_arena);
    veneer_host_open(door_arena, sizeof door_arena);
    return 0;
}

void door_forget_identity(void)
{
    service_crypto_wipe();
    memset(&device.provisioned.identity, 0, sizeof device.provisioned.identity);
}

static void call_run(void)
{
    result = service_crypto_call(calling);
}

int32_t door_call(struct sbm_crypto_call *call)
{
    calling = call;
    assert_int_equal(sim_run(&machine, call_run), SIM_RETURNED);
    return result;
}

int door_shows_secret(const uint8_t *p, size_t len)
{
    for (unsigned i = 0; i + 8 <= 32; i += 8) {
        if (memmem(p, len, door_identity + i, 8) != NULL || memmem(p, len, door_marker + i, 8) != NULL) {
            return 1;
        }
    }
    return 0;
}

int door_flash_shows_secret(void)
{
    return door_shows_secret(machine.flash, sizeof machine.flash);
}

int32_t sbm_crypto_call(struct sbm_crypto_call *call)
{
    struct sbm_crypto_call *carried = (struct sbm_crypto_call *)(void *)door_arena;
    uint8_t *at = door_arena + sizeof *carried;
    *carried = *call;
    for (unsigned i = 0; i < 4; i++) {
        if (call->in[i].len != 0) {
            memcpy(at, call->in[i].data, call->in[i].len);
        }
        carried->in[i].data = at;
        at += call->in[i].len;
    }
    for (unsigned i = 0; i < 2; i++) {
        carried->out[i].data = at;
        at += call->out[i].capacity;
        assert_true(at <= door_arena + sizeof door_arena);
    }
    int32_t status = door_call(carried);
    for (unsigned i = 0; i < 2; i++) {
        void *data = call->out[i].data;
        if (status == 0 && carried->out[i].len != 0) {
            memcpy(data, carried->out[i].data, carried->out[i].len);
        }
        carried->out[i].data = data;
    }
    for (unsigned i = 0; i < 4; i++) {
        carried->in[i].data = call->in[i].data;
    }
    *call = *carried;
    return status;
}
