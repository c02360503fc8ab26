/* SPDX-License-Identifier: Apache-2.0 */
/* channel_board: see channel_board.h. */
#include "tests/unit/channel_board.h"

#include "tests/unit/test.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "boot/stage.h"
#include "ports/sim/sim_vendor.h"
#include "sbm/device.h"

_Noreturn void bl1_agent_stage_main(void);
uint8_t __wrap_port_link_receive(void);
void __wrap_port_link_send(const uint8_t *data, size_t len);

struct channel_board board;
static int line[2]; /* the test's end, the chip's end */
static pthread_t thread;
static enum sim_end ended;

/* Everything that was on the line, both ways. */
static struct {
    uint8_t data[1 << 17];
    size_t len;
} seen;

static void seen_add(const uint8_t *data, size_t len)
{
    if (len <= sizeof seen.data - seen.len) {
        memcpy(seen.data + seen.len, data, len);
        seen.len += len;
    }
}

int board_was_seen(const uint8_t *data, size_t len)
{
    return memmem(seen.data, seen.len, data, len) != NULL;
}

uint8_t __wrap_port_link_receive(void)
{
    uint8_t byte;
    if (read(line[1], &byte, 1) != 1) {
        sim_stop(SIM_ASLEEP); /* the line was pulled */
    }
    seen_add(&byte, 1);
    return byte;
}

void __wrap_port_link_send(const uint8_t *data, size_t len)
{
    seen_add(data, len);
    if (write(line[1], data, len) != (ssize_t)len) {
        sim_stop(SIM_ASLEEP);
    }
}

static void bl1_code(void)
{
    bl1_agent_stage_main();
}

static void sbm_code(void)
{
    memset(&device, 0, sizeof device);
    stage_main();
}

static void (*code)(void); /* what the chip runs */

static void *chip_main(void *nothing)
{
    (void)nothing;
    ended = sim_run(&board.machine, code);
    (void)shutdown(line[1], SHUT_WR);
    return NULL;
}

static void chip_start(void (*what)(void))
{
    code = what;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, line), 0);
    board.talk.fd = line[0];
    assert_int_equal(pthread_create(&thread, NULL, chip_main, NULL), 0);
}

void board_bl1_start(void)
{
    chip_start(bl1_code);
}

void board_sbm_start(void)
{
    chip_start(sbm_code);
}

enum sim_end board_bl1_run(void)
{
    return sim_run(&board.machine, bl1_code);
}

enum sim_end board_sbm_run(void)
{
    return sim_run(&board.machine, sbm_code);
}

void board_seen_forget(void)
{
    seen.len = 0;
}

enum sim_end board_wait(void)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(line[0]);
    close(line[1]);
    return ended;
}

enum sim_end board_join(void)
{
    (void)shutdown(line[0], SHUT_RDWR);
    return board_wait();
}

const struct provision_request board_hello = { .op = PROVISION_HELLO, .version = PROVISION_VERSION };
const struct provision_request board_order = { .op = PROVISION_START };

uint64_t board_region_send(const struct port_region *region, const uint8_t *from)
{
    uint64_t status = 0;
    for (uint32_t at = 0; at < region->len && status == 0; at += BOARD_SECTOR) {
        const struct provision_request write_request = { .op = PROVISION_WRITE,
                                                         .off = region->off + at,
                                                         .data = bytes_of(from + region->off + at, BOARD_SECTOR) };
        status = channel_line_ask(&board.talk, &write_request);
    }
    return status;
}

int board_group_setup(void **state)
{
    (void)state;
    maker_start(&board.maker);
    sim_make(&board.source, BOARD_SECTOR, 16, 0xFF);
    maker_anchor(&board.maker, &board.source, 2);
    return 0;
}

/* A chip with anchor pages and a vendor's key, and nothing else. */
int board_setup(void **state)
{
    struct channel_claims claims = { "line 1", 2000, { 0 }, { 0 } };
    (void)state;
    board.machine = board.source;
    memcpy(claims.vendor, board.maker.vendor, 16);
    memcpy(claims.class_id, board.maker.class_id, 16);
    channel_rig_open(&board.rig);
    memcpy(board.rig.mastering.secret, board.maker.mastering.secret, 32);
    memcpy(board.rig.mastering.open, board.maker.mastering.open, 64);
    channel_rig_credential(&board.rig, &claims, &board.rig.mastering);
    memset(&sim_vendor, 0, sizeof sim_vendor);
    memcpy(sim_vendor.key, board.rig.vendor.secret, 32);
    memcpy(sim_vendor.credential, board.rig.own_r.id_cred.data, board.rig.own_r.id_cred.len);
    sim_vendor.says =
        (struct port_vendor){ 1000, (uint16_t)board.rig.own_r.id_cred.len, 3, (uint16_t)board.rig.own_r.cred.len };
    return 0;
}
