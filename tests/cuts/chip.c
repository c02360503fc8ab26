/* SPDX-License-Identifier: Apache-2.0 */
/* chip: see chip.h. The firmware's variables stand in two sections of their own (tests/cuts/firmware.cmake). */
#include "tests/cuts/chip.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/counter.h"
#include "boot/stage.h"
#include "sbm/device.h"
#include "tests/cuts/memo.h"

#define RESETS_MAX 12
#define SEQUENCE_MAX 9
#define PACKAGE_MAX 65536u

_Noreturn void bl1_stage_main(void);
extern uint8_t __start_firmware_data[], __stop_firmware_data[];
extern uint8_t __start_firmware_bss[], __stop_firmware_bss[];

struct sim chip;
struct maker chip_maker;
uint32_t chip_image_len;
uint64_t chip_ran;
uint64_t chip_ran_sbm;
const char *chip_wrong;
static uint8_t data_at_start[CHIP_RAM_MAX];
static uint8_t package[PACKAGE_MAX];

static size_t data_len(void)
{
    return (size_t)(__stop_firmware_data - __start_firmware_data);
}

static size_t bss_len(void)
{
    return (size_t)(__stop_firmware_bss - __start_firmware_bss);
}

static void ram_reset(void)
{
    memcpy(__start_firmware_data, data_at_start, data_len());
    memset(__start_firmware_bss, 0, bss_len());
}

void chip_start(uint64_t seed)
{
    if (data_len() + bss_len() > CHIP_RAM_MAX) {
        (void)fprintf(stderr, "cuts: error: the firmware has %zu bytes of RAM, more than CHIP_RAM_MAX\n",
                      data_len() + bss_len());
        exit(1);
    }
    memcpy(data_at_start, __start_firmware_data, data_len());
    memo_random = seed;
    maker_start(&chip_maker);
}

void chip_save(struct shot *shot)
{
    memcpy(shot->ram, __start_firmware_data, data_len());
    memcpy(shot->ram + data_len(), __start_firmware_bss, bss_len());
    shot->random = memo_random;
    shot->ran = chip_ran;
    shot->ran_sbm = chip_ran_sbm;
    shot->maker = chip_maker;
    sim_copy(&shot->sim, &chip);
}

void chip_load(const struct shot *shot)
{
    memcpy(__start_firmware_data, shot->ram, data_len());
    memcpy(__start_firmware_bss, shot->ram + data_len(), bss_len());
    memo_random = shot->random;
    chip_ran = shot->ran;
    chip_ran_sbm = shot->ran_sbm;
    chip_maker = shot->maker;
    sim_copy(&chip, &shot->sim);
}

void chip_wrong_clear(void)
{
    chip_wrong = NULL;
}

static uint32_t sectors(const struct geometry *geometry, uint32_t len)
{
    return (len + geometry->sector_len - 1) / geometry->sector_len;
}

/* Of what arrives. */
static uint32_t arrival_sectors(const struct geometry *geometry, uint32_t len)
{
    uint32_t sector_len = geometry->external_len != 0 ? geometry->external_len : geometry->sector_len;
    return (len + sector_len - 1) / sector_len;
}

void chip_make(const struct geometry *geometry)
{
    chip_image_len = geometry->sector_len < 1100 ? 1700 : geometry->sector_len + 600;
    const struct sim_layout layout = { .store = sectors(geometry, 4096),
                                       .state = sectors(geometry, 2048),
                                       .vault = sectors(geometry, 4096),
                                       .sbm = sectors(geometry, 1024) + sectors(geometry, 2048),
                                       .sbm_envelope = sectors(geometry, 1024),
                                       .sbm_package = arrival_sectors(geometry, 6144),
                                       .package = arrival_sectors(geometry, 1500 + chip_image_len),
                                       .primary = sectors(geometry, chip_image_len) + 1,
                                       .external_sector_len = geometry->external_len };
    sim_make_layout(&chip, geometry->sector_len, geometry->granule_len, geometry->erased, &layout);
    maker_geometry(&chip);
    maker_anchor(&chip_maker, &chip, 1);
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&chip_maker, &chip_maker.firmware, &chip, slot, 1, CHIP_SBM_LEN);
    }
    chip_ran = 0;
    chip_ran_sbm = 0;
}

struct bytes chip_package(uint64_t sequence, size_t *block_len)
{
    size_t len;
    const struct maker_package spec = maker_package_right(&chip_maker, sequence, chip_image_len);
    size_t package_len = maker_package_write(&spec, package, sizeof package, block_len != NULL ? block_len : &len);
    return bytes_of(package, package_len);
}

struct bytes chip_sbm_package(uint64_t sequence)
{
    const struct maker_sbm_spec spec = { .signer = &chip_maker.firmware,
                                         .sequence = sequence,
                                         .image_len = CHIP_SBM_LEN };
    return bytes_of(package, maker_sbm_package(&chip_maker, &spec, package, sizeof package));
}

void chip_provision(uint64_t sequence)
{
    struct bytes first = chip_package(sequence, NULL);
    maker_provision(&chip_maker, &chip, first.data, first.len);
    chip.fuses[1] = UINT32_MAX;
    chip.fuses[2] = UINT32_MAX;
    chip.fuses[3] = chip.map.boot_sectors;
}

static int image_is(uint64_t sequence)
{
    uint32_t primary = chip.map.primary.off;
    for (uint32_t i = 0; i < chip_image_len; i++) {
        if (chip.flash[primary + i] != maker_image_byte(sequence, i, chip_image_len, primary)) {
            return 0;
        }
    }
    return 1;
}

static void application_check(void)
{
    chip_ran = 0;
    for (uint64_t sequence = 1; sequence <= SEQUENCE_MAX && chip_ran == 0; sequence++) {
        chip_ran = image_is(sequence) ? sequence : 0;
    }
    if (chip_ran == 0 || chip.started_addr != chip.map.primary.off) {
        chip_wrong = "an application was started that nobody signed";
    } else if (chip_ran != device.running_sequence) {
        chip_wrong = "the application that runs is not the one that was verified";
    } else if (chip_ran < chip_counter()) {
        chip_wrong = "an application older than the counter was started";
    }
}

/* The image that maker_sbm makes. */
static int sbm_is(unsigned slot, uint64_t sequence)
{
    const uint8_t *image = chip.flash + chip.map.sbm[slot].off + chip.map.sbm_image_off;
    for (uint32_t i = 0; i < CHIP_SBM_LEN; i++) {
        if (image[i] != maker_sbm_byte(sequence, slot, i)) {
            return 0;
        }
    }
    return 1;
}

static void sbm_check(void)
{
    chip_ran_sbm = 0;
    for (unsigned slot = 0; slot < 2; slot++) {
        int here = chip.started_addr == chip.map.sbm[slot].off + chip.map.sbm_image_off;
        for (uint64_t sequence = 1; sequence <= SEQUENCE_MAX && here; sequence++) {
            chip_ran_sbm = sbm_is(slot, sequence) ? sequence : chip_ran_sbm;
        }
    }
    if (chip_ran_sbm == 0) {
        chip_wrong = "an SBM was started that nobody signed";
    } else if (chip_ran_sbm < counter_read(COUNTER_SBM)) {
        chip_wrong = "an SBM older than its counter was started";
    }
}

static enum sim_end stage_run(void (*code)(void))
{
    ram_reset();
    return sim_run(&chip, code);
}

static void bl1_run(void)
{
    bl1_stage_main();
}

static void sbm_run(void)
{
    stage_main();
}

enum sim_end chip_boot(void)
{
    enum sim_end end = SIM_RESET;
    for (unsigned i = 0; i < RESETS_MAX && end == SIM_RESET; i++) {
        memset(chip.mailbox, 0, sizeof chip.mailbox);
        chip_ran_sbm = 0;
        end = stage_run(bl1_run);
        if (end == SIM_STARTED_SBM) {
            sbm_check();
            end = stage_run(sbm_run);
        }
        if (end == SIM_STARTED_APPLICATION) {
            application_check();
        }
    }
    return end;
}

enum sim_end chip_call(void (*code)(void))
{
    return sim_run(&chip, code);
}

uint64_t chip_counter(void)
{
    return counter_read(COUNTER_APP);
}

int chip_has_keys(void)
{
    return memcmp(device.provisioned.identity, chip_maker.identity.secret, 32) == 0 &&
           memcmp(device.provisioned.update, chip_maker.update.secret, 32) == 0 &&
           memcmp(device.provisioned.update + 32, chip_maker.update.open, 64) == 0;
}
