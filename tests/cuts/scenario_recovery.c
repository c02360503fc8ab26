/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_recovery: application and packages are destroyed and the policy says recovery: the device halts, resets,
 * serves SMP on the data link, takes version 3 and boots it. Whoever repairs it sends everything again at each power-on
 * and presses the reset pin when nothing answers.
 */
#include "ports/sim/sim_board.h"
#include "tests/cuts/scenario.h"
#include "wire/smp.h"
#include "wire/smp_image.h"

#define PIECE_LEN 600u
#define RESET_PINS 4
#define LINE_MAX (1u << 18)

enum image_command { IMAGE_UPLOAD = 1 };
enum os_command { OS_ECHO = 0, OS_RESET = 5 };

static uint8_t line[LINE_MAX];
static size_t line_len;

static void packet_add(struct smp_head head, struct bytes body)
{
    uint8_t packet[SMP_PACKET_MAX];
    size_t len = 0;
    head.op = SMP_WRITE;
    head.length = (uint16_t)body.len;
    smp_head_build(&head, packet);
    memcpy(packet + SMP_HEAD_LEN, body.data, body.len);
    if (smp_encode(bytes_of(packet, SMP_HEAD_LEN + body.len), line + line_len, sizeof line - line_len, &len) ==
        STATUS_OK) {
        line_len += len;
    }
}

static void piece_add(struct bytes update, size_t at)
{
    uint8_t body[PIECE_LEN + 64];
    struct cbor_writer w = cbor_writer_of(body, sizeof body);
    size_t part = update.len - at < PIECE_LEN ? update.len - at : PIECE_LEN;
    cbor_write_map(&w, 4);
    smp_pair_uint(&w, "image", 0);
    smp_pair_uint(&w, "off", at);
    smp_pair_uint(&w, "len", update.len);
    smp_pair_bytes(&w, "data", bytes_of(update.data + at, part));
    packet_add((struct smp_head){ .group = SMP_GROUP_IMAGE, .command = IMAGE_UPLOAD }, cbor_written(&w));
}

void recovery_update_set(struct bytes update)
{
    static const uint8_t empty_map[] = { 0xA0 };
    line_len = 0;
    for (size_t at = 0; at < update.len; at += PIECE_LEN) {
        piece_add(update, at);
    }
    packet_add((struct smp_head){ .group = SMP_GROUP_OS, .command = OS_RESET }, bytes_of(empty_map, sizeof empty_map));
}

void recovery_echo_set(void)
{
    static const uint8_t hello[] = { 0xA1, 0x61, 'd', 0x62, 'h', 'i' };
    line_len = 0;
    packet_add((struct smp_head){ .group = SMP_GROUP_OS, .command = OS_ECHO }, bytes_of(hello, sizeof hello));
}

static void region_destroy(const struct port_region *region)
{
    memset(chip.flash + region->off, 0x5A, region->len);
}

void recovery_prepare(void)
{
    chip_maker.on_halt = POLICY_HALT_RECOVERY;
    chip_provision(2);
    (void)chip_boot();
    recovery_update_set(chip_package(3, NULL));
    region_destroy(&chip.map.package[0]);
    region_destroy(&chip.map.package[1]);
    chip.flash[chip.map.primary.off + 40] ^= 1;
    chip_maker.on_halt = POLICY_HALT_WAIT;
}

void recovery_line_set(void)
{
    sim_board.line_in = bytes_of(line, line_len);
    sim_board.line_out_len = 0;
}

/* One power-on, and the reset pin when it sleeps; a cut ends it. */
enum sim_end recovery_run(void)
{
    enum sim_end end = SIM_ASLEEP;
    for (unsigned i = 0; i < RESET_PINS && end == SIM_ASLEEP; i++) {
        recovery_line_set();
        end = chip_boot();
    }
    return end;
}

const char *recovery_after(void)
{
    (void)chip_call(rig_accept_run);
    if (rig_result != PSA_SUCCESS || chip_counter() != 3) {
        return "what recovery installed cannot be confirmed";
    }
    return scenario_runs(3);
}
