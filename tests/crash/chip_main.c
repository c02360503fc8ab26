/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chip on the host that runs the device's own BL1 and SBM: crash_chip ROOM, crash_chip_line ROOM. ROOM is its flash
 * and fuses, a file that outlives it; the process is its power. When it is locked it has a data link for its token.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include "boot/stage.h"
#include "crypto/crypto.h"
#include "sbm/service.h"
#include "tests/crash/chip.h"
#include "tests/crash/chip_net.h"
#include "wire/flashctl.h"
#include "wire/layout.h"
#include "wire/token.h"

#define RAM_MAX 262144u
#define APPLICATION_RAM 0x28200000u
#define APPLICATION_RAM_END 0x28400000u

uint32_t __wrap_port_sbm_run_addr(unsigned slot);
uint32_t __wrap_port_primary_run_addr(void);
void __wrap_port_application_ram(uint32_t *first, uint32_t *last);
struct bytes __real_port_flash_view(uint32_t off, uint32_t len);
struct bytes __wrap_port_flash_view(uint32_t off, uint32_t len);
status_t __real_port_flash_erase(uint32_t off);
status_t __wrap_port_flash_erase(uint32_t off);
status_t __real_port_flash_program(uint32_t off, const uint8_t *data, uint32_t len);
status_t __wrap_port_flash_program(uint32_t off, const uint8_t *data, uint32_t len);
extern uint8_t __start_firmware_data[], __stop_firmware_data[];
extern uint8_t __start_firmware_bss[], __stop_firmware_bss[];

struct room *room;
static uint8_t data_at_start[RAM_MAX];
static uint8_t nonce[ROOM_NONCE_LEN];
static uint8_t token[TOKEN_MAX];
static size_t token_len;

/* ---- where images run: as on the real board, so that they are mastered as for it ---- */

uint32_t __wrap_port_sbm_run_addr(unsigned slot)
{
    return LAYOUT_FLASH_SECURE_ADDR + (slot == 0 ? LAYOUT_SBM_A_OFF : LAYOUT_SBM_B_OFF) + LAYOUT_SBM_IMAGE_OFF;
}

uint32_t __wrap_port_primary_run_addr(void)
{
    return LAYOUT_FLASH_NONSECURE_ADDR + LAYOUT_PRIMARY_OFF;
}

void __wrap_port_application_ram(uint32_t *first, uint32_t *last)
{
    *first = APPLICATION_RAM;
    *last = APPLICATION_RAM_END;
}

/* ---- the real map in the shorter array: each region that holds whole images has its beginning there ---- */

static const struct port_region shortened[] = { ROOM_PRIMARY, ROOM_PACKAGE0, ROOM_PACKAGE1, ROOM_SBM_PACKAGE };
#define SHORTENED (sizeof shortened / sizeof shortened[0])

uint32_t chip_place(uint32_t off)
{
    uint32_t at = LAYOUT_PRIMARY_OFF;
    if (off < at) {
        return off;
    }
    for (size_t i = 0; i < SHORTENED; i++) {
        if (off - shortened[i].off < shortened[i].len) {
            return at + (off - shortened[i].off);
        }
        at += shortened[i].len;
    }
    return UINT32_MAX;
}

struct bytes __wrap_port_flash_view(uint32_t off, uint32_t len)
{
    return __real_port_flash_view(chip_place(off), len);
}

status_t __wrap_port_flash_erase(uint32_t off)
{
    return __real_port_flash_erase(chip_place(off));
}

status_t __wrap_port_flash_program(uint32_t off, const uint8_t *data, uint32_t len)
{
    return __real_port_flash_program(chip_place(off), data, len);
}

/* ---- the machine ---- */

static void map_make(struct port_flash *map)
{
    *map = (struct port_flash){
        .sector_len = FLASHCTL_SECTOR_LEN,
        .granule_len = FLASHCTL_GRANULE_LEN,
        .erased = 0xFF,
        .boot_sectors = LAYOUT_BOOT_SECTORS,
        .anchor = { { LAYOUT_ANCHOR0_OFF, LAYOUT_ANCHOR_LEN }, { LAYOUT_ANCHOR1_OFF, LAYOUT_ANCHOR_LEN } },
        .store = { { LAYOUT_STORE0_OFF, LAYOUT_STORE_LEN }, { LAYOUT_STORE1_OFF, LAYOUT_STORE_LEN } },
        .state = { { LAYOUT_STATE0_OFF, LAYOUT_STATE_LEN }, { LAYOUT_STATE1_OFF, LAYOUT_STATE_LEN } },
        .vault = { { LAYOUT_VAULT0_OFF, LAYOUT_VAULT_LEN }, { LAYOUT_VAULT1_OFF, LAYOUT_VAULT_LEN } },
        .counter = { { LAYOUT_COUNTER0_OFF, LAYOUT_COUNTER_LEN }, { LAYOUT_COUNTER1_OFF, LAYOUT_COUNTER_LEN } },
        .log = { LAYOUT_LOG_OFF, LAYOUT_LOG_LEN },
        .sbm = { { LAYOUT_SBM_A_OFF, LAYOUT_SBM_LEN }, { LAYOUT_SBM_B_OFF, LAYOUT_SBM_LEN } },
        .sbm_image_off = LAYOUT_SBM_IMAGE_OFF,
        .primary = ROOM_PRIMARY,
        .package = { ROOM_PACKAGE0, ROOM_PACKAGE1 },
        .sbm_package = ROOM_SBM_PACKAGE
    };
}

static void room_make(const char *path)
{
    struct sim *sim = &room->sim;
    memset(sim, 0, sizeof *sim);
    map_make(&sim->map);
    sim->flash_len = SIM_FLASH_LEN;
    memset(sim->flash, sim->map.erased, sizeof sim->flash);
    if (crypto_random(sim->unique_id, sizeof sim->unique_id) != STATUS_OK ||
        crypto_random(sim->root_key, sizeof sim->root_key) != STATUS_OK) {
        abort();
    }
    chip_kind_make(path);
    room->made = 1;
}

static size_t data_len(void)
{
    return (size_t)(__stop_firmware_data - __start_firmware_data);
}

static enum sim_end stage_run(void (*code)(void))
{
    memcpy(__start_firmware_data, data_at_start, data_len());
    memset(__start_firmware_bss, 0, (size_t)(__stop_firmware_bss - __start_firmware_bss));
    return sim_run(&room->sim, code);
}

static void sbm_run(void)
{
    stage_main();
}

enum sim_end chip_boot(void)
{
    memset(room->sim.mailbox, 0, sizeof room->sim.mailbox);
    enum sim_end end = stage_run(chip_kind_bl1);
    end = end == SIM_STARTED_SBM ? stage_run(sbm_run) : end;
    room->rest = end;
    if (end == SIM_POWER_CUT) {
        _exit(0);
    }
    return end;
}

/* ---- locked: a device ---- */

static void token_run(void)
{
    if (service_attest_token(bytes_of(nonce, sizeof nonce), token, sizeof token, &token_len) != PSA_SUCCESS) {
        token_len = 0;
    }
}

/* A length of two bytes before the token; 0: it does not run. */
static void link_serve(int fd)
{
    if (chip_net_receive(fd, nonce, sizeof nonce) != 0) {
        return;
    }
    token_len = 0;
    if (room->rest == SIM_STARTED_APPLICATION) {
        (void)sim_run(&room->sim, token_run);
    }
    const uint8_t head[2] = { (uint8_t)(token_len >> 8), (uint8_t)token_len };
    if (chip_net_send(fd, head, sizeof head) == 0) {
        (void)chip_net_send(fd, token, token_len);
    }
}

static _Noreturn void device_run(int link_fd)
{
    while (chip_boot() == SIM_RESET) {
    }
    for (;;) {
        int fd = chip_net_accept(link_fd);
        link_serve(fd);
        chip_net_close(&fd);
    }
}

static void room_open(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *room) != 0) {
        perror(path);
        exit(1);
    }
    room = mmap(NULL, sizeof *room, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (room == MAP_FAILED || data_len() > RAM_MAX) {
        abort();
    }
    (void)close(fd);
}

int main(int argc, char **argv)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc != 2) {
        (void)fputs("usage: crash_chip ROOM, or crash_chip_line ROOM\n", stderr);
        return 2;
    }
    room_open(argv[1]);
    memcpy(data_at_start, __start_firmware_data, data_len());
    if (!room->made) {
        room_make(argv[1]);
    }
    int link_fd = chip_net_listen(&room->link_port);
    chip_kind_open();
    atomic_store(&room->ready, 1);
    chip_kind_run();
    device_run(link_fd);
}
