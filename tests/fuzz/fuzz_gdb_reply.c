/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_gdb_reply: any bytes from a debug port: as packets, and as the replies to each command of the client. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/station/rsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void commands_run(struct rsp *rsp, unsigned which)
{
    struct fault fault = FAULT_NONE;
    struct rsp_map map;
    uint8_t memory[64];
    char text[32];
    switch (which) {
    case 0:
        (void)rsp_memory_read(rsp, 0, memory, sizeof memory, &fault);
        break;
    case 1:
        (void)rsp_map_read(rsp, &map, &fault);
        break;
    case 2:
        (void)rsp_monitor(rsp, "reset", text, sizeof text, &fault);
        break;
    default:
        if (rsp_continue(rsp, &fault) == 0) {
            (void)rsp_halt(rsp, &fault);
        }
        break;
    }
}

/* The first byte chooses the command; the rest is all that the server ever says, then it closes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rsp rsp;
    struct fault fault = FAULT_NONE;
    struct rsp_map map;
    int fds[2];
    if (size == 0 || size > 32768) {
        return 0;
    }
    (void)rsp_map_parse(bytes_of(data + 1, size - 1), &map, &fault);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0 ||
        send(fds[0], data + 1, size - 1, MSG_DONTWAIT) != (ssize_t)(size - 1)) {
        abort();
    }
    (void)shutdown(fds[0], SHUT_WR);
    fault = FAULT_NONE;
    if (rsp_attach(&rsp, fds[1], 1000, &fault) == 0) {
        commands_run(&rsp, data[0] % 4);
    }
    rsp_close(&rsp);
    (void)close(fds[0]);
    return 0;
}
