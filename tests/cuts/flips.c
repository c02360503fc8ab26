/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flips: every bit of the flash at rest is flipped, one at a time, and the device started. With an intact image
 * anywhere it runs a right one and has lost nothing. In the state `last`, where nothing is there twice, it may halt
 * instead: stable, sealed, and the same at the next start; and when the policy says so, recovery answers. A case is
 * named STATE@GEOMETRY@OFFSET.BIT.
 */
#include <stdio.h>
#include <string.h>

#include "boot/counter.h"
#include "ports/sim/sim_board.h"
#include "sbm/device.h"
#include "tests/cuts/scenario.h"
#include "tests/cuts/sweep.h"

#define REGIONS 17
#define HEAD_STEP 5u     /* of bits of heads and records, in the selection; odd: every bit of a byte has its turn */
#define SAMPLE_STEP 211u /* of all other bits */
#define USUAL_STEP 61u   /* the same where heads and records are flipped whole */
#define HEAD_LEN 1100u   /* what stands before the payload in a package slot */
#define VECTORS_LEN 64u
#define RESET_PINS 3

struct place {
    struct port_region region;
    uint32_t head_len; /* bytes from its begin that are no payload */
};

/* A chip at rest. */
struct state {
    const char *name;
    const char *says;
    void (*prepare)(void);
    int spare; /* an intact image is left after any flip */
};

static struct shot rest;
static struct place places[REGIONS];
static const struct sweep_options *options;
static const struct state *state;
static char geometry[GEOMETRY_NAME_MAX];

static void confirmed_make(void)
{
    chip_provision(1);
    (void)chip_boot();
    send_set(0, chip_package(2, NULL));
    (void)chip_call(send_run);
    (void)chip_boot();
    (void)chip_call(rig_accept_run);
    send_set(PSA_FWU_COMPONENT_SBM, chip_sbm_package(2));
    (void)chip_call(send_run);
    (void)chip_boot();
    (void)chip_call(rig_accept_run);
    (void)chip_boot();
    storage_fill();
}

static void sealed_make(void)
{
    chip_maker.boot = POLICY_BOOT_SEALED;
    confirmed_make();
    (void)chip_boot();
    chip_maker.boot = POLICY_BOOT_SIGNATURE;
}

static void erase(const struct port_region *region)
{
    memset(chip.flash + region->off, chip.map.erased, region->len);
}

/* Nothing is there twice but what every device has twice: no package, one SBM. */
static void last_make(void)
{
    confirmed_make();
    erase(&chip.map.package[0]);
    erase(&chip.map.package[1]);
    erase(&chip.map.sbm_package);
    erase(&chip.map.sbm[1]);
    (void)chip_boot();
}

static void last_with_recovery_make(void)
{
    chip_maker.on_halt = POLICY_HALT_RECOVERY;
    last_make();
    chip_maker.on_halt = POLICY_HALT_WAIT;
}

static const struct state states[] = {
    { "spare", "an update is confirmed, its package is there, both SBM slots are filled", confirmed_make, 1 },
    { "sealed", "the same where each boot checks the seal", sealed_make, 1 },
    { "last", "no package is left and one SBM", last_make, 0 },
    { "recovery", "the same where a halt ends in recovery", last_with_recovery_make, 0 },
};
#define STATES (sizeof states / sizeof states[0])

/* Up to the last byte that is not erased. */
static uint32_t used_len(const struct port_region *region)
{
    uint32_t len = region->len;
    while (len > 0 && chip.flash[region->off + len - 1] == chip.map.erased) {
        len--;
    }
    return len;
}

static void place_add(unsigned *count, const struct port_region *region, uint32_t head_len)
{
    uint32_t used = used_len(region);
    places[(*count)++] = (struct place){ *region, used < head_len ? used : head_len };
}

static void places_find(void)
{
    const struct port_flash *map = &chip.map;
    unsigned count = 0;
    for (unsigned i = 0; i < 2; i++) {
        place_add(&count, &map->anchor[i], UINT32_MAX);
        place_add(&count, &map->store[i], UINT32_MAX);
        place_add(&count, &map->state[i], UINT32_MAX);
        place_add(&count, &map->vault[i], UINT32_MAX);
        place_add(&count, &map->counter[i], UINT32_MAX);
        place_add(&count, &map->sbm[i], HEAD_LEN);
        place_add(&count, &map->package[i], HEAD_LEN);
    }
    place_add(&count, &map->log, UINT32_MAX);
    place_add(&count, &map->sbm_package, HEAD_LEN);
    place_add(&count, &map->primary, VECTORS_LEN);
}

/* What holds whenever an application runs. */
static const char *running_judge(void)
{
    if (chip_wrong != NULL) {
        return chip_wrong;
    }
    if (chip_ran != 2 || chip_ran_sbm != 2) {
        return "another image runs than was confirmed";
    }
    if (chip_counter() != 2 || counter_read(COUNTER_SBM) != 2) {
        return "a security counter has changed";
    }
    if (device.state.now.trial) {
        return "a confirmed application is on trial";
    }
    if (!chip_has_keys()) {
        return "a key is lost";
    }
    return storage_holds() ? chip_wrong : "an entry of the application's storage is lost";
}

/* In recovery the device answers an echo. */
static int recovery_answers(void)
{
    return device.recovering != 0 && sim_board.line_out_len > 0;
}

static int is_recovery(void)
{
    return state->prepare == last_with_recovery_make;
}

/* An SBM that halts with this policy is in recovery after its reset, and answers. */
static const char *recovery_judge(void)
{
    for (unsigned i = 0; i < RESET_PINS; i++) {
        if (recovery_answers()) {
            return chip_wrong;
        }
        recovery_line_set();
        if (chip_boot() == SIM_STARTED_APPLICATION) {
            return running_judge();
        }
    }
    return "recovery does not answer";
}

/* The same at the next start, and everything is closed. */
static const char *halt_judge(void)
{
    if (is_recovery() && chip_ran_sbm != 0) {
        return recovery_judge();
    }
    if (!chip.sealed) {
        return "the device halts and its flash is not sealed";
    }
    return chip_boot() == SIM_ASLEEP && chip.sealed ? chip_wrong : "the halt is not stable";
}

static const char *flip_judge(enum sim_end end)
{
    if (end == SIM_STARTED_APPLICATION) {
        const char *why = running_judge();
        if (why != NULL || !state->spare) {
            return why;
        }
        return chip_boot() == SIM_STARTED_APPLICATION ? running_judge() : "the next boot fails";
    }
    if (chip_wrong != NULL) {
        return chip_wrong;
    }
    if (state->spare) {
        return "dead, though an intact image is left";
    }
    sweep_note((unsigned)(state - states), 1);
    return halt_judge();
}

static void flip_run(uint32_t off, unsigned bit)
{
    char name[SWEEP_NAME_MAX];
    (void)snprintf(name, sizeof name, "%s@%s@%u.%u", state->name, geometry, off, bit);
    sweep_case_begin(name);
    chip_load(&rest);
    chip_wrong_clear();
    chip.flash[off] ^= (uint8_t)(1u << bit);
    recovery_line_set();
    sweep_case_end((unsigned)(state - states), flip_judge(chip_boot()));
}

/* To the next bit: of a head or record, or of what is a payload or erased. */
static uint32_t step_of(int in_head)
{
    if (options->depth == SWEEP_ALL || (options->depth == SWEEP_USUAL && in_head)) {
        return 1;
    }
    return in_head ? HEAD_STEP : options->depth == SWEEP_USUAL ? USUAL_STEP : SAMPLE_STEP;
}

static void place_run(const struct place *place, unsigned mine, uint64_t *number)
{
    uint32_t bits = place->region.len * 8;
    for (uint32_t bit = 0; bit < bits;) {
        if ((*number)++ % options->jobs == mine) {
            flip_run(place->region.off + bit / 8, bit % 8);
        }
        bit += step_of(bit / 8 < place->head_len);
    }
}

static void prepare(const struct geometry *of)
{
    geometry_name(of, geometry);
    sweep_case_begin(state->name);
    chip_make(of);
    state->prepare();
    chip_wrong_clear();
    chip_save(&rest);
    places_find();
    if (chip_boot() != SIM_STARTED_APPLICATION || running_judge() != NULL) {
        sweep_give_up("the device does not run before anything is flipped");
    }
}

/* A campaign takes all of these, else it is the first. */
static const struct geometry flashes[] = { { 512, 16, 0xFF, 0 }, { 2048, 32, 0x00, 0 } };

static int is_wanted(const struct geometry *of)
{
    char name[GEOMETRY_NAME_MAX];
    geometry_name(of, name);
    if (options->scenario != NULL && strcmp(options->scenario, state->name) != 0) {
        return 0;
    }
    return options->geometry != NULL ? strcmp(options->geometry, name) == 0
                                     : options->depth == SWEEP_ALL || of == flashes;
}

static void only_run(void)
{
    char name[16];
    char flash[GEOMETRY_NAME_MAX];
    unsigned off;
    unsigned bit;
    if (sscanf(options->only, "%15[^@]@%23[^@]@%u.%u", name, flash, &off, &bit) != 4 || bit > 7) {
        sweep_give_up("a case is STATE@GEOMETRY@OFFSET.BIT");
    }
    for (size_t i = 0; i < STATES * sizeof flashes / sizeof flashes[0]; i++) {
        const struct geometry *of = &flashes[i / STATES];
        state = &states[i % STATES];
        geometry_name(of, geometry);
        if (strcmp(state->name, name) == 0 && strcmp(geometry, flash) == 0) {
            prepare(of);
            flip_run(off % chip.flash_len, bit);
            (void)printf("%s: ran %llu; the console of the last start:\n%s", options->only,
                         (unsigned long long)chip_ran, chip.log);
            (void)fflush(stdout);
            return;
        }
    }
    sweep_give_up("no such state or geometry");
}

static void work(const struct sweep_options *with, unsigned mine)
{
    options = with;
    chip_start(options->seed);
    recovery_echo_set();
    if (options->only != NULL) {
        only_run();
        return;
    }
    for (size_t f = 0; f < sizeof flashes / sizeof flashes[0]; f++) {
        for (state = states; state < states + STATES; state++) {
            uint64_t number = 0;
            if (!is_wanted(&flashes[f])) {
                continue;
            }
            prepare(&flashes[f]);
            for (unsigned i = 0; i < REGIONS; i++) {
                place_run(&places[i], mine, &number);
            }
        }
    }
}

static int json_write(const char *path)
{
    FILE *file = fopen(path, "w");
    uint64_t total = 0;
    uint64_t failed = 0;
    if (file == NULL) {
        perror(path);
        return 0;
    }
    (void)fprintf(file, "{\n");
    for (unsigned i = 0; i < STATES; i++) {
        total += sweep_total(i);
        failed += sweep_failed(i);
        (void)fprintf(file, "  \"flips.%s.total\": %llu,\n  \"flips.%s.failed\": %llu,\n  \"flips.%s.halts\": %llu,\n",
                      states[i].name, (unsigned long long)sweep_total(i), states[i].name,
                      (unsigned long long)sweep_failed(i), states[i].name, (unsigned long long)sweep_noted(i));
    }
    (void)fprintf(file, "  \"flips.total\": %llu,\n  \"flips.dead\": %llu\n}\n", (unsigned long long)total,
                  (unsigned long long)failed);
    return fclose(file) == 0;
}

int main(int argc, char **argv)
{
    struct sweep_options with;
    uint64_t total = 0;
    int usage = sweep_options_read(argc, argv, "Flips every bit of the flash at rest.", &with);
    if (usage != 0) {
        return usage - 1;
    }
    uint64_t failed = sweep_run(&with, work);
    for (unsigned i = 0; i < STATES; i++) {
        if (sweep_total(i) > 0) {
            (void)printf("%-10s %9llu flips %6llu failed %8llu halts   %s\n", states[i].name,
                         (unsigned long long)sweep_total(i), (unsigned long long)sweep_failed(i),
                         (unsigned long long)sweep_noted(i), states[i].says);
        }
        total += sweep_total(i);
    }
    if (total == 0 && failed == 0) {
        (void)fprintf(stderr,
                      "%s: error: no case is like that\nhint: the states are spare, sealed, last, recovery; the "
                      "flashes 512x16ff and 2048x3200\n",
                      argv[0]);
        return 2;
    }
    (void)printf("flips: %llu flips, %llu failed\n", (unsigned long long)total, (unsigned long long)failed);
    if (with.json != NULL && !json_write(with.json)) {
        return 1;
    }
    return failed == 0 ? 0 : 1;
}
