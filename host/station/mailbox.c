/* SPDX-License-Identifier: Apache-2.0 */
/* mailbox: see mailbox.h. The CPU must be halted to see its memory, so waiting is a row of short runs. */
#include "host/station/mailbox.h"

#include <stdio.h>
#include <time.h>

#define POLL_FIRST_MS 10
#define POLL_MOST_MS 100

static const char *const op_names[] = { "", "HELLO", "MAKE_KEYS", "STORE", "INSTALL", "CHECK", "LOCK" };

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
static int request_put(struct mailbox *m, const struct provision_request *request, uint32_t *count, struct fault *fault)
{
    uint8_t head[MAILBOX_HEAD_LEN];
    uint8_t out[4 + MAILBOX_MESSAGE_MAX];
    struct cbor_writer w = cbor_writer_of(out + 4, MAILBOX_MESSAGE_MAX);
    provision_request_build(request, &w);
    if (w.status != STATUS_OK) {
        return fault_status(fault, "request to the chip", w.status);
    }
    bytes_write_le32(out, (uint32_t)w.len);
    if (rsp_memory_read(m->rsp, m->addr, head, sizeof head, fault) != 0 ||
        rsp_memory_write(m->rsp, m->addr + 12, bytes_of(out, 4 + w.len), fault) != 0) {
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

static int answer_get(struct mailbox *m, uint64_t op, const uint8_t *head, struct provision_answer *answer,
                      struct fault *fault)
{
    uint32_t len = bytes_read_le32(head + 12);
    if (len == 0 || len > sizeof m->message) {
        return fault_set(fault, "the chip's answer claims to be %u bytes long", len);
    }
    if (rsp_memory_read(m->rsp, m->addr + MAILBOX_HEAD_LEN, m->message, len, fault) != 0) {
        return -1;
    }
    status_t status = provision_answer_parse(bytes_of(m->message, len), answer);
    if (status != STATUS_OK) {
        return fault_status(fault, "the chip's answer", status);
    }
    if (answer->status != 0) {
        return fault_set(fault, "the chip refuses: %s", status_text((status_t)answer->status));
    }
    if (answer->op != op) {
        return fault_set(fault, "the chip answered to another request");
    }
    return 0;
}

int mailbox_exchange(struct mailbox *m, const struct provision_request *request, unsigned timeout_ms,
                     struct provision_answer *answer, struct fault *fault)
{
    uint8_t head[MAILBOX_HEAD_LEN];
    uint32_t count = 0;
    struct fault inner = FAULT_NONE;
    if (request_put(m, request, &count, &inner) == 0 && answer_wait(m, count, timeout_ms, head, &inner) == 0 &&
        answer_get(m, request->op, head, answer, &inner) == 0) {
        return 0;
    }
    const char *name = request->op < sizeof op_names / sizeof op_names[0] ? op_names[request->op] : "";
    (void)fault_set(fault, "%s: %s", name, inner.what);
    return inner.hint[0] == '\0' ? -1 : fault_hint(fault, "%s", inner.hint);
}
