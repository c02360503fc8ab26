/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: see mailbox.h. The CPU must be halted to see its memory, so waiting is a row of short runs. */
#include "host/station/mailbox.h"

#include <time.h>

#define POLL_FIRST_MS 10
#define POLL_MOST_MS 100

static void sleep_ms(unsigned ms)
{
    struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&t, NULL);
}

int mailbox_clear(struct mailbox *mailbox, struct fault *fault)
{
    static const uint8_t zero[MAILBOX_HEAD_LEN];
    return rsp_memory_write(mailbox->rsp, mailbox->addr, bytes_of(zero, sizeof zero), fault);
}

/* Lets the CPU run for `ms` and halts it. */
static int cpu_run(struct rsp *rsp, unsigned ms, struct fault *fault)
{
    if (rsp_continue(rsp, fault) != 0) {
        return -1;
    }
    sleep_ms(ms);
    return rsp_halt(rsp, fault);
}

static unsigned poll_longer(unsigned ms)
{
    return ms * 2 > POLL_MOST_MS ? POLL_MOST_MS : ms * 2;
}

int mailbox_wait(struct mailbox *mailbox, unsigned timeout_ms, struct fault *fault)
{
    int64_t deadline_ms = rsp_clock_ms() + timeout_ms;
    unsigned poll_ms = POLL_FIRST_MS;
    while (rsp_clock_ms() < deadline_ms) {
        uint8_t magic[4] = { 0 };
        struct fault ignored = FAULT_NONE;
        if (cpu_run(mailbox->rsp, poll_ms, fault) != 0) {
            return -1;
        }
        /* The server may refuse the read while the chip is still starting; only a broken connection ends the wait. */
        int read = rsp_memory_read(mailbox->rsp, mailbox->addr, magic, sizeof magic, &ignored);
        if (read != 0 && !rsp_usable(mailbox->rsp)) {
            return fault_set(fault, "%s", ignored.what);
        }
        if (read == 0 && bytes_read_le32(magic) == MAILBOX_MAGIC) {
            return 0;
        }
        poll_ms = poll_longer(poll_ms);
    }
    (void)fault_set(fault, "the chip's provisioning agent did not start within %u seconds", timeout_ms / 1000);
    return fault_hint(
        fault,
        "read the chip's console: BL1 refuses an SBM that another key signed, and a chip that is secured has no agent");
}

/* Writes length and message, then the count that hands it over. `count` is the number of this request. */
static int request_put(struct mailbox *m, struct bytes request, uint32_t *count, struct fault *fault)
{
    uint8_t head[MAILBOX_HEAD_LEN];
    uint8_t out[4 + MAILBOX_MESSAGE_MAX];
    if (request.len > MAILBOX_MESSAGE_MAX) {
        return fault_set(fault, "a request of %zu bytes does not fit the chip's mailbox", request.len);
    }
    bytes_write_le32(out, (uint32_t)request.len);
    memcpy(out + 4, request.data, request.len);
    if (rsp_memory_read(m->rsp, m->addr, head, sizeof head, fault) != 0 ||
        rsp_memory_write(m->rsp, m->addr + 12, bytes_of(out, 4 + request.len), fault) != 0) {
        return -1;
    }
    *count = bytes_read_le32(head + 4) + 1;
    bytes_write_le32(head + 4, *count);
    return rsp_memory_write(m->rsp, m->addr + 4, bytes_of(head + 4, 4), fault);
}

static int answer_wait(struct mailbox *m, uint32_t count, unsigned timeout_ms, uint8_t *head, struct fault *fault)
{
    int64_t deadline_ms = rsp_clock_ms() + timeout_ms;
    unsigned poll_ms = POLL_FIRST_MS;
    while (rsp_clock_ms() < deadline_ms) {
        if (cpu_run(m->rsp, poll_ms, fault) != 0 ||
            rsp_memory_read(m->rsp, m->addr, head, MAILBOX_HEAD_LEN, fault) != 0) {
            return -1;
        }
        if (bytes_read_le32(head) != MAILBOX_MAGIC) {
            return fault_set(fault, "the chip's provisioning agent has gone: the mailbox is no longer there");
        }
        if (bytes_read_le32(head + 8) == count) {
            return 0;
        }
        poll_ms = poll_longer(poll_ms);
    }
    return fault_set(fault, "the chip did not answer within %u seconds", timeout_ms / 1000);
}

static int answer_get(struct mailbox *m, const uint8_t *head, struct bytes *answer, struct fault *fault)
{
    uint32_t len = bytes_read_le32(head + 12);
    if (len == 0 || len > sizeof m->message) {
        return fault_set(fault, "the chip's answer claims to be %u bytes long", len);
    }
    *answer = bytes_of(m->message, len);
    return rsp_memory_read(m->rsp, m->addr + MAILBOX_HEAD_LEN, m->message, len, fault);
}

int mailbox_exchange(struct mailbox *m, struct bytes request, unsigned timeout_ms, struct bytes *answer,
                     struct fault *fault)
{
    uint8_t head[MAILBOX_HEAD_LEN];
    uint32_t count = 0;
    return request_put(m, request, &count, fault) != 0 || answer_wait(m, count, timeout_ms, head, fault) != 0
               ? -1
               : answer_get(m, head, answer, fault);
}
