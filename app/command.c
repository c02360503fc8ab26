/* SPDX-License-Identifier: Apache-2.0 */
/* command: what a person can ask of the device on the console. It says what SBM tells every application; there is
 * nothing secret in it. */
#include <string.h>

#include "app/console.h"
#include "app/identity.h"
#include "base/status.h"
#include "base/words.h"
#include "psa/update.h"
#include "windlass/sbm.h"
#include "windlass/status_map.h"

#define PLACES 5 /* of enum sbm_place */
#define COLUMN 19u

struct command {
    const char *name;
    const char *help;
    enum console_wish (*run)(void);
};

/* ---- pieces of answers ---- */

static void name_put(const char *name)
{
    console_put(name);
    for (size_t len = strlen(name); len < COLUMN; len++) {
        console_put(" ");
    }
}

static void text_put(const char *name, const char *text)
{
    name_put(name);
    console_put(text);
    console_put("\n");
}

static void number_put(const char *name, uint64_t number)
{
    name_put(name);
    console_put_number(number);
    console_put("\n");
}

static void hex_put(const char *name, const uint8_t *data, size_t len)
{
    name_put(name);
    console_put_hex(data, len);
    console_put("\n");
}

/* The text of a status number, of which 0 is none. */
static void reason_put(const char *name, uint32_t status)
{
    text_put(name, status == 0 ? "none" : status_text(status));
}

static enum console_wish unanswered(void)
{
    console_put("the Secure Boot Manager does not answer\n");
    return CONSOLE_NOTHING;
}

static enum console_wish outcome_put(psa_status_t result, const char *bad_state)
{
    console_put("refused: ");
    console_put(result == PSA_ERROR_BAD_STATE ? bad_state : status_text(update_status_map(result)));
    console_put("\n");
    return CONSOLE_NOTHING;
}

/* ---- the commands ---- */

static const char *trial_text(uint32_t trial)
{
    return trial ? ", on trial: 'confirm' keeps it\n" : ", confirmed\n";
}

static void versions_put(const struct sbm_status *s)
{
    name_put("application");
    console_put_number(s->app_sequence);
    console_put(trial_text(s->trial));
    name_put("boot manager");
    console_put_number(s->sbm_sequence);
    console_put(s->sbm_slot == 0 ? " in slot A" : " in slot B");
    console_put(trial_text(s->sbm_trial));
    number_put("app counter", s->counter);
    number_put("manager counter", s->sbm_counter);
}

static void refusal_put(const struct sbm_status *s)
{
    name_put("last refusal");
    if (s->refused != 0) {
        console_put_number(s->refused_sequence);
        console_put(": ");
    }
    console_put(s->refused == 0 ? "none" : status_text(s->refused));
    console_put("\n");
}

static enum console_wish status_run(void)
{
    struct sbm_status s;
    if (sbm_status_read(&s, sizeof s) != PSA_SUCCESS) {
        return unanswered();
    }
    versions_put(&s);
    text_put("lifecycle", words_lifecycle(s.lifecycle));
    number_put("boots", s.boots);
    text_put("this boot", words_reason(s.reason));
    refusal_put(&s);
    reason_put("last fault", s.fault);
    reason_put("last halt", s.halt);
    for (unsigned i = 0; i < PLACES; i++) {
        text_put(words_place(i), words_health(s.health[i]));
    }
    return CONSOLE_NOTHING;
}

static enum console_wish log_run(void)
{
    return CONSOLE_LIST;
}

int console_list_next(uint32_t index)
{
    struct sbm_log_entry entry;
    if (sbm_log_read(index, &entry) != PSA_SUCCESS) {
        return 0;
    }
    console_put_number(entry.number);
    console_put("  boot ");
    console_put_number(entry.boot);
    console_put("  ");
    console_put(words_event(entry.kind));
    console_put(" ");
    console_put_number(entry.value);
    if (entry.status != 0) {
        console_put(": ");
        console_put(status_text(entry.status));
    }
    console_put("\n");
    return 1;
}

static const char *state_text(uint8_t state)
{
    static const char *const texts[] = {
        [PSA_FWU_READY] = "ready for an update",
        [PSA_FWU_WRITING] = "an update is being written",
        [PSA_FWU_CANDIDATE] = "an update was checked, not yet to be installed",
        [PSA_FWU_STAGED] = "an update is installed at the next reset",
        [PSA_FWU_FAILED] = "an update failed or was given up",
        [PSA_FWU_TRIAL] = "on trial: 'confirm' keeps it, 'reject' gives it up",
        [PSA_FWU_REJECTED] = "rejected: the one before comes back at the next reset",
        [PSA_FWU_UPDATED] = "updated and confirmed",
    };
    return state < sizeof texts / sizeof texts[0] ? texts[state] : "unknown";
}

static void component_put(const char *name, psa_fwu_component_t component)
{
    psa_fwu_component_info_t info;
    if (psa_fwu_query(component, &info) != PSA_SUCCESS) {
        (void)unanswered();
        return;
    }
    text_put(name, state_text(info.state));
    number_put("  running", info.version.build);
    number_put("  most bytes", info.max_size);
    if (info.state == PSA_FWU_FAILED) {
        reason_put("  last refusal", info.impl.refused);
    }
}

static enum console_wish update_run(void)
{
    struct sbm_status s;
    component_put("application", PSA_FWU_COMPONENT_APP);
    component_put("boot manager", PSA_FWU_COMPONENT_SBM);
    if (sbm_status_read(&s, sizeof s) == PSA_SUCCESS && s.pending_sequence != 0) {
        number_put("pending", s.pending_sequence);
    }
    return CONSOLE_NOTHING;
}

static enum console_wish confirm_run(void)
{
    psa_status_t result = psa_fwu_accept();
    if (result != PSA_SUCCESS) {
        return outcome_put(result, "nothing is on trial");
    }
    console_put("confirmed: what runs stays\n");
    return CONSOLE_NOTHING;
}

static enum console_wish reject_run(void)
{
    psa_status_t result = psa_fwu_reject(PSA_ERROR_GENERIC_ERROR);
    if (result < PSA_SUCCESS) {
        return outcome_put(result, "nothing is on trial, and nothing waits to be installed");
    }
    console_put(result == PSA_SUCCESS_REBOOT ? "rejected: 'reset' brings back what ran before\n"
                                             : "the update that waited is given up\n");
    return CONSOLE_NOTHING;
}

static enum console_wish reset_run(void)
{
    console_put("the device resets\n");
    return CONSOLE_RESET;
}

static enum console_wish identity_run(void)
{
    struct sbm_status s;
    uint8_t instance[IDENTITY_INSTANCE_LEN];
    uint8_t digest[IDENTITY_DIGEST_LEN];
    if (sbm_status_read(&s, sizeof s) != PSA_SUCCESS) {
        return unanswered();
    }
    hex_put("unique ID", s.unique_id, sizeof s.unique_id);
    if (identity_instance_read(instance)) {
        hex_put("instance ID", instance, sizeof instance);
    }
    if (identity_certificate_read(digest)) {
        hex_put("certificate", digest, sizeof digest);
    }
    return CONSOLE_NOTHING;
}

static enum console_wish help_run(void);

static const struct command commands[] = {
    { "help", "this list", help_run },
    { "status", "versions, counters, lifecycle, health", status_run },
    { "log", "the security events, newest first", log_run },
    { "update", "how updates stand", update_run },
    { "confirm", "keep what runs on trial", confirm_run },
    { "reject", "give up what runs on trial, or waits to be installed", reject_run },
    { "reset", "restart the device", reset_run },
    { "identity", "who this device is", identity_run },
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static enum console_wish help_run(void)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        text_put(commands[i].name, commands[i].help);
    }
    return CONSOLE_NOTHING;
}

enum console_wish console_command_run(const char *line)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(line, commands[i].name) == 0) {
            return commands[i].run();
        }
    }
    console_put("there is no command '");
    console_put(line);
    console_put("'; try 'help'\n");
    return CONSOLE_NOTHING;
}
