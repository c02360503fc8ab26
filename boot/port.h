/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port: what a board gives to BL1 and SBM. The socket in the wall: joined at link time, so there is no table of
 * pointers in RAM to attack. Flash offsets count from the start of the flash. crypto_random of crypto/crypto.h is the
 * port's too.
 */
#ifndef BOOT_PORT_H
#define BOOT_PORT_H

#include "base/bytes.h"
#include "base/status.h"

#define PORT_GRANULE_MAX 32

struct port_region {
    uint32_t off;
    uint32_t len;
};

/* The flash's rules and where things are in it. Every region begins and ends at a sector. */
struct port_flash {
    uint32_t sector_len;          /* bytes that one erase clears */
    uint32_t granule_len;         /* bytes that one program writes: 1, 8, 16 or 32 */
    uint8_t erased;               /* value of an erased byte */
    uint32_t external_off;        /* from this offset on: a memory outside the chip, mapped for reading; only package
                                   * slots and sbm_package may lie there. 0: there is none */
    uint32_t external_sector_len; /* its sectors; granule and erased value are the same */
    uint32_t boot_sectors;        /* from the flash's start, that the boot lock covers: BL1 and its anchor pages */
    struct port_region anchor[2];
    struct port_region store[2];
    struct port_region state[2];
    struct port_region vault[2];
    struct port_region counter[2]; /* one sector each */
    struct port_region log;        /* at least two sectors */
    struct port_region sbm[2];
    uint32_t sbm_image_off; /* of the image inside an SBM slot; before it stands the envelope */
    struct port_region primary;
    struct port_region package[2];
    struct port_region sbm_package; /* an SBM update as it arrived */
};
const struct port_flash *port_flash(void);

/* The array as memory: valid until the next erase or program there. The range must be inside the flash. */
struct bytes port_flash_view(uint32_t off, uint32_t len);
/* Erases the sector at `off`. FLASH_RANGE, FLASH_ALIGN, FLASH_LOCKED, FLASH_SEALED, FLASH_IO. cut: the sector is in any
 * state. */
status_t port_flash_erase(uint32_t off);
/* Programs whole granules. Errors as above and FLASH_NOT_ERASED. cut: a prefix of the granules is written, one may be
 * in any state. */
status_t port_flash_program(uint32_t off, const uint8_t *data, uint32_t len);
/* No erase, program or blow is taken any more until the next reset. */
void port_flash_seal(void);

enum port_lifecycle {
    PORT_OPEN = 0,
    PORT_PROVISIONING = 1,
    PORT_SECURED = 2,
    PORT_DECOMMISSIONED = 3,
    PORT_UNCLEAR = 4
};
/* HARD: read from the fuses at each call. Anything that is not clearly a state, or cannot be read, is UNCLEAR. */
enum port_lifecycle port_lifecycle(void);
/* The silicon vendor's unique ID. */
status_t port_unique_id(uint8_t out[16]);
/* 32 bytes that the silicon vendor fused, different in each chip: what the chip's own keys are derived from. The caller
 * wipes them. */
status_t port_root_key(uint8_t out[32]);

/* Where the silicon vendor gave the chip a key pair (P-256): the private key; the caller wipes it. Not the
 * application's: only for the provisioning agent. */
status_t port_vendor_key(uint8_t out[32]);
/* What the vendor says of it (docs/spec.md section 2.8). */
struct port_vendor {
    uint32_t issued;   /* unix time of its making */
    uint16_t len;      /* of the COSE header map {33: certificates} */
    uint16_t cred_off; /* where the chip's own certificate is in it, as a byte string with its head */
    uint16_t cred_len;
};
/* `out` gets the header map, at most `capacity` bytes. NOT_FOUND: there is none. */
status_t port_vendor_credential(struct port_vendor *vendor, uint8_t *out, size_t capacity);
/* RAM that outlives the step from BL1 to SBM, PORT_HANDOVER_LEN bytes, aligned to words. What lies there proves
 * nothing by itself. */
#define PORT_HANDOVER_LEN 512u
void *port_handover(void);

enum port_key_set { PORT_KEYS_FIRMWARE = 0, PORT_KEYS_MASTERING = 1 };
/* HARD: bit i: the OEM's key i of this set is retired. From the fuses at each call; all ones when they cannot be read.
 */
uint32_t port_keys_retired(enum port_key_set set);
/* Retires key `index` (0..3) for good. cut: not yet, or for good. */
status_t port_key_retire(enum port_key_set set, unsigned index);
/* Fuses boot lock, lifecycle `secured` and debug lock, in this order; what is fused already stays as it is. cut: a
 * prefix of them; repeating completes it. */
status_t port_lock_for_good(uint32_t boot_sectors);

/* Fuses lifecycle `decommissioned`. cut: secured, or decommissioned for good; repeating completes it. */
status_t port_decommission(void);

enum port_debug { PORT_DEBUG_CLOSED = 0, PORT_DEBUG_NONSECURE = 1, PORT_DEBUG_SECURE = 2 };
/* Opens the debug port of a secured chip until the next reset: for the non-secure world alone, or for the whole chip,
 * whose fused keys then read as zero. FUSE_DENIED. */
status_t port_debug_open(enum port_debug rights);

/* The provisioning mailbox (docs/spec.md section 8): memory that the debug port writes while the core runs. */
volatile uint8_t *port_mailbox(void);

/* Where an image must lie to run: CPU addresses of the first byte. */
uint32_t port_sbm_run_addr(unsigned slot);
/* The slot from which the SBM that calls this runs: 0 or 1. */
unsigned port_sbm_slot(void);
uint32_t port_primary_run_addr(void);
/* The range in which the application's initial stack pointer must be: [first, last]. */
void port_application_ram(uint32_t *first, uint32_t *last);

/* Text for people on the secure console. */
void port_log(const char *text);
/* Takes the outputs whose bit is in `mask` back from the application, if it had them, and sets each to its bit of
 * `level`; the others stay as they are. */
void port_outputs_safe(uint32_t mask, uint32_t level);
_Noreturn void port_reset(void);
/* Sleeps that long; any number up to 70000 ms. No interrupt but the timer's is taken. */
void port_sleep_ms(uint32_t ms);
/* Sleeps for good; the debug port and the reset pin still work. */
_Noreturn void port_sleep(void);
/* From now on the device resets by itself unless it is fed at least every `seconds` (1 to 3600); Where the hardware can
 * tell before it resets, stage_fault(BOOT_WATCHDOG) comes first. */
void port_watchdog_start(uint32_t seconds);
/* Begins the time anew; nothing when it was not started. */
void port_watchdog_feed(void);
/* On the way into a halt, whose end the watchdog must not shorten, and where the policy wants none. */
void port_watchdog_stop(void);

/* The data link, for the secure world: only in recovery, when no application runs. */
void port_link_open(void);
void port_link_send(const uint8_t *data, size_t len);
/* Sleeps until a byte comes. */
uint8_t port_link_receive(void);

/* Starts the image whose vector table is at `addr`: port_start_sbm from BL1, in the same world; port_start_application
 * from SBM, in the non-secure world, after closing everything that the application must not reach. */
_Noreturn void port_start_sbm(uint32_t addr);
_Noreturn void port_start_application(uint32_t addr);

#endif
