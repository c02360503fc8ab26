/* SPDX-License-Identifier: Apache-2.0 */
/* visit: see visit.h. */
#include "tests/crash/visit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/station/line.h"
#include "tests/crash/chip_net.h"
#include "wire/flashctl.h"
#include "wire/layout.h"
#include "wire/provision_msg.h"

#define COMMAND_MS 2000u /* all waits of the station are multiples of it */
#define SILENCE_MS 250u  /* the same for a chip that is known not to answer */
#define TOKEN_S 10       /* for a chip that is known to answer */
#define VISIT_SECONDS 60u
#define CACHE_LEN (4u << 20)

struct hands {
    struct works *works;
    struct room *room;
    struct line_socket *socket;
};

static _Noreturn void station_die(void)
{
    for (;;) {
        (void)kill(getpid(), SIGKILL);
    }
}

static void certificate_look(struct room *room, const struct letter_action *action)
{
    struct provision_request asked;
    if (action->kind == LETTER_ASK && provision_request_parse(action->message, &asked) == STATUS_OK &&
        asked.op == PROVISION_STORE && asked.item == STORE_DEVICE_CERT) {
        room_given(room, asked.data);
    }
}

/* Certificates leave the appliance with the letter that has the chip store them. In a record nobody sees them. */
static void certificate_see(struct room *room, struct bytes answer)
{
    struct letter_answer letter;
    if (letter_answer_parse(answer, &letter) != STATUS_OK) {
        return;
    }
    for (size_t i = 0; i < letter.count; i++) {
        certificate_look(room, &letter.actions[i]);
    }
}

static int letter_carry(void *context, struct bytes request, uint8_t *answer, size_t *len, struct fault *fault)
{
    const struct hands *h = context;
    struct cut *cut = h->works->cut;
    if (cut_here(cut, CUT_GONE)) {
        station_die();
    }
    if (cut_here(cut, CUT_ASKED)) {
        (void)kill(h->works->daemon, SIGKILL);
    }
    int result = line_carry(h->socket, request, answer, len, fault);
    if (result == 0) {
        certificate_see(h->room, bytes_of(answer, *len));
    }
    if (cut_here(cut, CUT_ANSWERED)) {
        (void)kill(h->works->daemon, SIGKILL);
        return fault_set(fault, "the appliance died with its answer");
    }
    if (cut_here(cut, CUT_HEARD)) {
        station_die();
    }
    return result;
}

static int wire_open(void *context, int *fd, struct fault *fault)
{
    const struct works_chip *chip = context;
    *fd = chip_net_connect(chip->room->line_port);
    return *fd >= 0 ? 0 : fault_set(fault, "the chip has no power");
}

/* A chip that is locked is silent on its line, and silence takes all the time that there is. */
static unsigned patience_ms(const struct works_chip *chip)
{
    return chip->room->line_port != 0 && chip->room->sim.fuses[FUSE_LIFECYCLE] == 0xFFFF ? SILENCE_MS : COMMAND_MS;
}

/* Over the chip's data link. */
static int token_get(void *context, struct bytes nonce, unsigned timeout_ms, uint8_t *token, size_t *len,
                     struct fault *fault)
{
    const struct works_chip *chip = context;
    uint8_t head[2];
    int fd = chip_net_connect(chip->room->link_port);
    const struct timeval limit = { TOKEN_S, 0 };
    (void)timeout_ms;
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    *len = 0;
    if (fd >= 0 && chip_net_send(fd, nonce.data, nonce.len) == 0 && chip_net_receive(fd, head, sizeof head) == 0) {
        *len = (size_t)(head[0] << 8 | head[1]);
        *len = *len <= STATION_TOKEN_MAX && chip_net_receive(fd, token, *len) == 0 ? *len : 0;
    }
    chip_net_close(&fd);
    return *len > 0 ? 0 : fault_set(fault, "the device gives no token");
}

static int chip_bring(struct works *works, const struct works_chip *chip, struct visit *v)
{
    char address[32];
    char target[32];
    struct line *line = NULL;
    struct hands hands = { works, chip->room, NULL };
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", works->port);
    (void)snprintf(target, sizeof target, "127.0.0.1:%u", chip->room->debug_port);
    struct image_cache *cache = image_cache_make(CACHE_LEN);
    if (cache == NULL || line_open(address, works_path(works, "st"), &line, &v->fault) != 0 ||
        line_socket_open(line, &hands.socket, &v->fault) != 0) {
        return -1;
    }
    const struct station_job job = { .target = chip->room->debug_port != 0 ? target : NULL,
                                     .socket = "1",
                                     .timeout_ms = patience_ms(chip),
                                     .carrier = { &hands, letter_carry },
                                     .wire = { (void *)(uintptr_t)chip, chip->room->line_port != 0 ? wire_open : NULL },
                                     .prover = { (void *)(uintptr_t)chip, token_get },
                                     .cache = cache };
    int result = station_provision(&job, &v->result, &v->fault);
    line_socket_close(hands.socket);
    return result;
}

pid_t visit_begin(struct works *works, const struct works_chip *chip, struct visit *visit)
{
    memset(visit, 0, sizeof *visit);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)alarm(VISIT_SECONDS);
        visit->done = chip_bring(works, chip, visit) == 0;
        _exit(0);
    }
    return pid;
}

void visit_run(struct works *works, const struct works_chip *chip, struct visit *visit)
{
    (void)waitpid(visit_begin(works, chip, visit), NULL, 0);
}
