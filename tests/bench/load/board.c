/* SPDX-License-Identifier: Apache-2.0 */
/* board: see board.h. The socket of boot/port.h. */
#include "tests/bench/load/board.h"

#include <stdlib.h>
#include <ucontext.h>

#include "boot/stage.h"
#include "wire/layout.h"

#define STACK_LEN (256u * 1024u)

struct board board;
static uint8_t stack[STACK_LEN] __attribute__((aligned(16)));
static ucontext_t station;
static ucontext_t firmware;
static enum board_end ended;
static uint32_t handover[PORT_HANDOVER_LEN / 4];
static unsigned sbm_slot;
static int sealed;

/* BL1's stage_main has another name on the host. */
_Noreturn void bl1_stage_main(void);

/* The firmware's variables (tests/cuts/firmware.cmake): a reset empties its RAM. */
extern uint8_t __start_firmware_data[], __stop_firmware_data[];
extern uint8_t __start_firmware_bss[], __stop_firmware_bss[];
static uint8_t *data_at_start;

static const struct port_flash geometry = {
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
    .primary = { LAYOUT_PRIMARY_OFF, LAYOUT_PRIMARY_LEN },
    .package = { { LAYOUT_PACKAGE0_OFF, LAYOUT_PACKAGE_LEN }, { LAYOUT_PACKAGE1_OFF, LAYOUT_PACKAGE_LEN } },
    .sbm_package = { LAYOUT_SBM_PACKAGE_OFF, LAYOUT_SBM_PACKAGE_LEN },
};

/* ---- power ---- */

void board_flash_changed(uint32_t off, uint32_t len)
{
    for (uint32_t at = off / FLASHCTL_SECTOR_LEN; at * FLASHCTL_SECTOR_LEN < off + len; at++) {
        board.writes[at]++;
    }
}

uint64_t board_flash_version(uint32_t off, uint32_t len)
{
    uint64_t version = 0;
    for (uint32_t at = off / FLASHCTL_SECTOR_LEN; at * FLASHCTL_SECTOR_LEN < off + len; at++) {
        version += board.writes[at];
    }
    return version;
}

static size_t data_len(void)
{
    return (size_t)(__stop_firmware_data - __start_firmware_data);
}

void board_make(void)
{
    memset(board.flash, 0xFF, sizeof board.flash);
    data_at_start = malloc(data_len() + 1);
    if (data_at_start == NULL) {
        abort();
    }
    memcpy(data_at_start, __start_firmware_data, data_len());
}

void board_chip_new(const uint8_t uid[16])
{
    for (size_t i = 0; i < sizeof board.own; i++) {
        if (board.own[i]) {
            memset(board.flash + i * FLASHCTL_SECTOR_LEN, 0xFF, FLASHCTL_SECTOR_LEN);
            board.own[i] = 0;
            board.writes[i]++;
        }
    }
    memset(board.fuses, 0, sizeof board.fuses);
    memcpy(board.uid, uid, sizeof board.uid);
}

static enum board_end station_waits(void)
{
    if (swapcontext(&station, &firmware) != 0) {
        abort();
    }
    return ended;
}

/* Gives the processor to the station. */
static void firmware_rests(enum board_end end)
{
    ended = end;
    if (swapcontext(&firmware, &station) != 0) {
        abort();
    }
}

_Noreturn static void firmware_ends(enum board_end end)
{
    firmware_rests(end);
    abort(); /* nobody goes on with a chip that was reset */
}

static enum board_end stage_run(void (*stage)(void))
{
    memcpy(__start_firmware_data, data_at_start, data_len());
    memset(__start_firmware_bss, 0, (size_t)(__stop_firmware_bss - __start_firmware_bss));
    if (getcontext(&firmware) != 0) {
        abort();
    }
    firmware.uc_stack.ss_sp = stack;
    firmware.uc_stack.ss_size = sizeof stack;
    firmware.uc_link = NULL;
    makecontext(&firmware, stage, 0);
    return station_waits();
}

enum board_end board_power_on(void)
{
    memset(board.mailbox, 0, sizeof board.mailbox);
    memset(handover, 0, sizeof handover);
    board.log_len = 0;
    sealed = 0;
    enum board_end end = stage_run(bl1_stage_main);
    return end == BOARD_STARTED_SBM ? stage_run(stage_main) : end;
}

enum board_end board_go_on(void)
{
    return station_waits();
}

int board_is_locked(void)
{
    return board.fuses[FUSE_DEBUG_LOCK] != 0;
}

_Noreturn void port_reset(void)
{
    firmware_ends(BOARD_RESET);
}

_Noreturn void port_sleep(void)
{
    firmware_ends(BOARD_ASLEEP);
}

_Noreturn void port_start_sbm(uint32_t addr)
{
    sbm_slot = addr == port_sbm_run_addr(1);
    firmware_ends(BOARD_STARTED_SBM);
}

_Noreturn void port_start_application(uint32_t addr)
{
    (void)addr;
    firmware_ends(BOARD_STARTED_APPLICATION);
}

/* The agent that has answered the last request looks for the next one: now the station has its turn. */
volatile uint8_t *port_mailbox(void)
{
    if (board.mailbox[0] == MAILBOX_MAGIC && board.mailbox[1] == board.mailbox[2]) {
        firmware_rests(BOARD_WAITS);
    }
    return (volatile uint8_t *)board.mailbox;
}

/* ---- flash ---- */

const struct port_flash *port_flash(void)
{
    return &geometry;
}

struct bytes port_flash_view(uint32_t off, uint32_t len)
{
    return bytes_of(board.flash + off, len);
}

static status_t range_check(uint32_t off, uint32_t len, uint32_t unit)
{
    if (off > FLASHCTL_FLASH_LEN || len > FLASHCTL_FLASH_LEN - off) {
        return STATUS_FLASH_RANGE;
    }
    if (off % unit != 0 || len % unit != 0) {
        return STATUS_FLASH_ALIGN;
    }
    if (sealed) {
        return STATUS_FLASH_SEALED;
    }
    return board.fuses[FUSE_BOOT_LOCK] != 0 && off < board.fuses[FUSE_BOOT_LOCK_SECTORS] * FLASHCTL_SECTOR_LEN
               ? STATUS_FLASH_LOCKED
               : STATUS_OK;
}

status_t port_flash_erase(uint32_t off)
{
    status_t status = range_check(off, FLASHCTL_SECTOR_LEN, FLASHCTL_SECTOR_LEN);
    if (status == STATUS_OK) {
        memset(board.flash + off, 0xFF, FLASHCTL_SECTOR_LEN);
        board_flash_changed(off, FLASHCTL_SECTOR_LEN);
    }
    return status;
}

status_t port_flash_program(uint32_t off, const uint8_t *data, uint32_t len)
{
    status_t status = range_check(off, len, FLASHCTL_GRANULE_LEN);
    for (uint32_t i = 0; status == STATUS_OK && i < len; i++) {
        status = board.flash[off + i] == 0xFF ? STATUS_OK : STATUS_FLASH_NOT_ERASED;
    }
    if (status == STATUS_OK && len > 0) {
        memcpy(board.flash + off, data, len);
        board_flash_changed(off, len);
        memset(board.own + off / FLASHCTL_SECTOR_LEN, 1,
               (off + len - 1) / FLASHCTL_SECTOR_LEN - off / FLASHCTL_SECTOR_LEN + 1);
    }
    return status;
}

void port_flash_seal(void)
{
    sealed = 1;
}

/* ---- fuses ---- */

enum port_lifecycle port_lifecycle(void)
{
    switch (board.fuses[FUSE_LIFECYCLE]) {
    case 0:
        return PORT_OPEN;
    case 0xFF:
        return PORT_PROVISIONING;
    case 0xFFFF:
        return PORT_SECURED;
    default:
        return PORT_UNCLEAR;
    }
}

status_t port_lock_for_good(uint32_t boot_sectors)
{
    board.fuses[FUSE_BOOT_LOCK_SECTORS] = boot_sectors;
    board.fuses[FUSE_BOOT_LOCK] = UINT32_MAX;
    board.fuses[FUSE_LIFECYCLE] = 0xFFFF;
    board.fuses[FUSE_DEBUG_LOCK] = UINT32_MAX;
    return STATUS_OK;
}

uint32_t port_keys_retired(enum port_key_set set)
{
    (void)set;
    return 0;
}

status_t port_key_retire(enum port_key_set set, unsigned index)
{
    (void)set;
    (void)index;
    return STATUS_FUSE_DENIED;
}

status_t port_decommission(void)
{
    return STATUS_FUSE_DENIED;
}

status_t port_debug_open(enum port_debug rights)
{
    (void)rights;
    return STATUS_FUSE_DENIED;
}

status_t port_unique_id(uint8_t out[16])
{
    memcpy(out, board.uid, sizeof board.uid);
    return STATUS_OK;
}

/* Another one in each chip. */
status_t port_root_key(uint8_t out[32])
{
    memcpy(out, board.uid, sizeof board.uid);
    memset(out + sizeof board.uid, 0x5A, 32 - sizeof board.uid);
    return STATUS_OK;
}

status_t port_vendor_key(uint8_t out[32])
{
    memset(out, 0, 32);
    return STATUS_NOT_FOUND;
}

status_t port_vendor_credential(struct port_vendor *vendor, uint8_t *out, size_t capacity)
{
    (void)out;
    (void)capacity;
    memset(vendor, 0, sizeof *vendor);
    return STATUS_NOT_FOUND;
}

void *port_handover(void)
{
    return handover;
}

/* ---- what stands around ---- */

uint32_t port_sbm_run_addr(unsigned slot)
{
    return LAYOUT_FLASH_SECURE_ADDR + geometry.sbm[slot].off + geometry.sbm_image_off;
}

unsigned port_sbm_slot(void)
{
    return sbm_slot;
}

uint32_t port_primary_run_addr(void)
{
    return LAYOUT_FLASH_NONSECURE_ADDR + LAYOUT_PRIMARY_OFF;
}

/* SSRAM of the virtual chip that is the application's. */
void port_application_ram(uint32_t *first, uint32_t *last)
{
    *first = 0x28200000u;
    *last = 0x28400000u;
}

void port_log(const char *text)
{
    size_t len = strlen(text);
    if (len < sizeof board.log - board.log_len) {
        memcpy(board.log + board.log_len, text, len + 1);
        board.log_len += len;
    }
}

void port_outputs_safe(uint32_t mask, uint32_t level)
{
    (void)mask;
    (void)level;
}

void port_sleep_ms(uint32_t ms)
{
    (void)ms;
}

void port_watchdog_start(uint32_t seconds)
{
    (void)seconds;
}

void port_watchdog_feed(void)
{
}

void port_watchdog_stop(void)
{
}

void port_link_open(void)
{
}

void port_link_send(const uint8_t *data, size_t len)
{
    (void)data;
    (void)len;
}

uint8_t port_link_receive(void)
{
    firmware_ends(BOARD_ASLEEP);
}
