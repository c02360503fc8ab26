/* SPDX-License-Identifier: Apache-2.0 */
/* agent_rig: see agent_rig.h. */
#include "tests/unit/agent_rig.h"

#include "sbm/agent.h"
#include "sbm/device.h"
#include "sbm/self.h"
#include "tests/unit/test.h"
#include "wire/cose.h"

const struct provision_request rig_install = { .op = PROVISION_INSTALL, .slot = 0 };
const struct provision_request rig_lock = { .op = PROVISION_LOCK, .lock_sectors = RIG_LOCK_SECTORS };

static struct provision_request request;
static struct provision_answer answer; /* views into bytes */
static uint8_t bytes[MAILBOX_MESSAGE_MAX];

static void serve_run(void)
{
    uint32_t *mailbox = sim_now()->mailbox;
    struct cbor_writer w = cbor_writer_of((uint8_t *)(mailbox + 4), MAILBOX_MESSAGE_MAX);
    memset(&device, 0, sizeof device);
    device.lifecycle = port_lifecycle();
    (void)port_unique_id(device.unique_id);
    self_load();
    agent_open();
    provision_request_build(&request, &w);
    mailbox[3] = (uint32_t)w.len;
    mailbox[1]++;
    agent_poll();
    memcpy(bytes, mailbox + 4, mailbox[3]);
    assert_int_equal(provision_answer_parse(bytes_of(bytes, mailbox[3]), &answer), STATUS_OK);
}

enum sim_end rig_serve(struct sim *machine, const struct provision_request *in)
{
    request = *in;
    answer.status = 0;
    return sim_run(machine, serve_run);
}

uint64_t rig_status(void)
{
    return answer.status;
}

uint64_t rig_ask(struct sim *machine, const struct provision_request *in)
{
    assert_int_equal(rig_serve(machine, in), SIM_RETURNED);
    return answer.status;
}

static void keys_make(struct maker *maker, struct sim *machine)
{
    static const uint8_t challenge[PROVISION_CHALLENGE_LEN];
    struct cose_sign1 sign1;
    struct provision_possession facts;
    const struct provision_request in = { .op = PROVISION_MAKE_KEYS,
                                          .challenge = bytes_of(challenge, sizeof challenge) };
    assert_int_equal(rig_ask(machine, &in), 0);
    assert_int_equal(cose_sign1_parse(answer.possession, &sign1), STATUS_OK);
    assert_int_equal(provision_possession_parse(sign1.payload, &facts), STATUS_OK);
    memcpy(maker->identity.open, facts.identity_key.data, 64);
    memcpy(maker->update.open, facts.update_key.data, 64);
}

void rig_chip_make(struct maker *maker, struct sim *machine, uint64_t sbm_sequence)
{
    maker_start(maker);
    sim_make(machine, 512, 16, 0xFF);
    maker_geometry(machine);
    maker_anchor(maker, machine, 0);
    (void)maker_sbm(maker, &maker->firmware, machine, 0, sbm_sequence, 900);
    keys_make(maker, machine);
}
