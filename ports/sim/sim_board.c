/* SPDX-License-Identifier: Apache-2.0 */
/* sim_board: see sim_board.h. */
#include "ports/sim/sim_board.h"

#include "ports/sim/sim.h"

struct sim_board sim_board;

void port_outputs_safe(uint32_t mask, uint32_t level)
{
    sim_board.outputs = (sim_board.outputs & ~mask) | (level & mask);
}

void port_sleep_ms(uint32_t ms)
{
    sim_board.slept_ms += ms;
}

void port_watchdog_start(uint32_t seconds)
{
    sim_board.watchdog_seconds = seconds;
}

void port_watchdog_stop(void)
{
    sim_board.watchdog_seconds = 0;
}

void port_watchdog_feed(void)
{
    sim_board.feeds++;
}

void port_link_open(void)
{
}

void port_link_send(const uint8_t *data, size_t len)
{
    size_t room = sizeof sim_board.line_out - sim_board.line_out_len;
    size_t part = len < room ? len : room;
    if (part > 0) {
        memcpy(sim_board.line_out + sim_board.line_out_len, data, part);
        sim_board.line_out_len += part;
    }
}

uint8_t port_link_receive(void)
{
    if (sim_board.line_in.len == 0) {
        sim_stop(SIM_ASLEEP);
    }
    uint8_t byte = sim_board.line_in.data[0];
    sim_board.line_in = bytes_of(sim_board.line_in.data + 1, sim_board.line_in.len - 1);
    return byte;
}
