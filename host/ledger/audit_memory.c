/* SPDX-License-Identifier: Apache-2.0 */
/* audit_memory: units and packages in memory, found by unique ID and by key. See audit_room.h. */
#include "host/ledger/audit_room.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 1024
#define UNITS_SKIPPED_MAX 65536

/* Seeded, so that nobody can write a ledger whose keys all fall together. */
static size_t slot_of(const struct audit_memory *m, const uint8_t *key, size_t len)
{
    uint64_t hash = m->seed;
    for (size_t i = 0; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, key + i, sizeof word);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
    }
    return (size_t)hash & (m->slots - 1);
}

static int holds(const struct state_unit *unit, const uint8_t *key, size_t len)
{
    return len == 16 ? memcmp(unit->uid, key, 16) == 0
                     : memcmp(unit->identity_key, key, 64) == 0 || memcmp(unit->update_key, key, 64) == 0;
}

static struct state_unit *find(const struct audit_memory *m, const uint32_t *table, const uint8_t *key, size_t len)
{
    if (m->slots == 0) {
        return NULL;
    }
    for (size_t at = slot_of(m, key, len); table[at] != 0; at = (at + 1) & (m->slots - 1)) {
        if (holds(&m->units[table[at] - 1], key, len)) {
            return &m->units[table[at] - 1];
        }
    }
    return NULL;
}

static void enter(struct audit_memory *m, uint32_t *table, const uint8_t *key, size_t len, uint32_t place)
{
    size_t at = slot_of(m, key, len);
    while (table[at] != 0) {
        at = (at + 1) & (m->slots - 1);
    }
    table[at] = place;
}

static void unit_enter(struct audit_memory *m, size_t index)
{
    const struct state_unit *u = &m->units[index];
    enter(m, m->by_uid, u->uid, 16, (uint32_t)index + 1);
    enter(m, m->by_key, u->identity_key, 64, (uint32_t)index + 1);
    enter(m, m->by_key, u->update_key, 64, (uint32_t)index + 1);
}

/* Room for one more unit, with the tables at most half full. */
static int room_make(struct audit_memory *m, struct fault *fault)
{
    if (m->unit_count < m->unit_room) {
        return 0;
    }
    size_t slots = m->slots == 0 ? SLOTS_FIRST : 2 * m->slots;
    struct state_unit *units = realloc(m->units, slots / 4 * sizeof *units);
    m->units = units != NULL ? units : m->units;
    free(m->by_uid);
    free(m->by_key);
    m->by_uid = calloc(slots, sizeof *m->by_uid);
    m->by_key = calloc(slots, sizeof *m->by_key);
    if (units == NULL || m->by_uid == NULL || m->by_key == NULL ||
        (m->seed == 0 && RAND_bytes((uint8_t *)&m->seed, sizeof m->seed) != 1)) {
        m->slots = 0;
        return fault_set(fault, "no memory for the ledger's units");
    }
    m->slots = slots;
    m->unit_room = slots / 4;
    for (size_t i = 0; i < m->unit_count; i++) {
        if (m->units[i].state != 0) { /* one that is missing has no keys */
            unit_enter(m, i);
        }
    }
    return 0;
}

static int unit_by_uid(void *context, const uint8_t uid[16], struct state_unit *out, struct fault *fault)
{
    const struct audit_memory *m = context;
    const struct state_unit *unit = find(m, m->by_uid, uid, 16);
    (void)fault;
    if (unit != NULL) {
        *out = *unit;
    }
    return unit != NULL;
}

static int unit_by_keys(void *context, const uint8_t identity_key[64], const uint8_t update_key[64],
                        struct state_unit *out, struct fault *fault)
{
    const struct audit_memory *m = context;
    const struct state_unit *unit = find(m, m->by_key, identity_key, 64);
    unit = unit != NULL ? unit : find(m, m->by_key, update_key, 64);
    (void)fault;
    if (unit != NULL) {
        *out = *unit;
    }
    return unit != NULL;
}

static int unit_last(void *context, uint64_t *number, struct fault *fault)
{
    (void)fault;
    *number = ((const struct audit_memory *)context)->unit_count;
    return 0;
}

static int unit_put(void *context, const struct state_unit *unit, int is_new, struct fault *fault)
{
    struct audit_memory *m = context;
    if (is_new) {
        if (room_make(m, fault) != 0) {
            return -1;
        }
        m->units[m->unit_count] = *unit;
        unit_enter(m, m->unit_count++);
        return 0;
    }
    m->units[unit->number - 1] = *unit;
    return 0;
}

int audit_units_skip(struct audit_memory *m, uint64_t number, struct fault *fault)
{
    if (number > m->unit_count + UNITS_SKIPPED_MAX) {
        return -1;
    }
    while (m->unit_count + 1 < number) {
        if (room_make(m, fault) != 0) {
            return -1;
        }
        m->units[m->unit_count] = (struct state_unit){ .number = m->unit_count + 1 };
        m->unit_count++;
    }
    return 0;
}

static struct state_package *package_at(const struct audit_memory *m, uint64_t number)
{
    for (size_t i = m->package_count; i-- > 0;) {
        if (m->packages[i].number == number) {
            return &m->packages[i];
        }
    }
    return NULL;
}

static int package_find(void *context, uint64_t number, struct state_package *out, struct fault *fault)
{
    const struct state_package *package = package_at(context, number);
    (void)fault;
    if (package != NULL) {
        *out = *package;
    }
    return package != NULL;
}

static int package_put(void *context, const struct state_package *package, int is_new, struct fault *fault)
{
    struct audit_memory *m = context;
    if (is_new) {
        struct state_package *packages = realloc(m->packages, (m->package_count + 1) * sizeof *packages);
        if (packages == NULL) {
            return fault_set(fault, "no memory for the ledger's packages");
        }
        m->packages = packages;
        m->packages[m->package_count++] = *package;
        return 0;
    }
    *package_at(m, package->number) = *package;
    return 0;
}

size_t audit_load_find(const struct audit_memory *m, const uint8_t *chain, uint64_t number)
{
    for (size_t i = m->load_count; i-- > 0;) {
        if (m->loads[i].number == number && memcmp(m->loads[i].chain, chain, EVENT_CHAIN_LEN) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static int load_last(void *context, const uint8_t chain[EVENT_CHAIN_LEN], uint64_t *number, struct fault *fault)
{
    const struct audit_memory *m = context;
    (void)fault;
    *number = 0;
    for (size_t i = 0; i < m->load_count; i++) {
        if (memcmp(m->loads[i].chain, chain, EVENT_CHAIN_LEN) == 0 && m->loads[i].number > *number) {
            *number = m->loads[i].number;
        }
    }
    return 0;
}

static int load_put(void *context, const uint8_t chain[EVENT_CHAIN_LEN], uint64_t number, uint64_t position,
                    struct fault *fault)
{
    struct audit_memory *m = context;
    struct load *loads = realloc(m->loads, (m->load_count + 1) * sizeof *loads);
    if (loads == NULL) {
        return fault_set(fault, "no memory for the ledger's packages");
    }
    m->loads = loads;
    m->loads[m->load_count] = (struct load){ .number = number, .position = position };
    memcpy(m->loads[m->load_count++].chain, chain, EVENT_CHAIN_LEN);
    return 0;
}

struct state_view audit_memory_view(struct audit_memory *memory)
{
    return (struct state_view){ memory,       unit_by_uid, unit_by_keys, unit_last, unit_put,
                                package_find, package_put, load_last,    load_put };
}

void audit_memory_free(struct audit_memory *m)
{
    free(m->units);
    free(m->by_uid);
    free(m->by_key);
    free(m->packages);
    free(m->loads);
}
