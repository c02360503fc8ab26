/* SPDX-License-Identifier: Apache-2.0 */
/* scenario_storage: the application writes one entry again and again, until the journal below it was rewritten. After a
 * cut the entry is the last one that was said to be written, or the next; nothing else has changed. */
#include "sbm/store_its.h"
#include "tests/cuts/scenario.h"

#define OWNER STORE_ITS_APPLICATION
#define WRITES 6u
#define ENTRY_LEN 650u
#define OTHER_LEN 200u
#define UID 7u
#define OTHER_UID 8u

static unsigned done; /* writes that returned */
static int removed;
static unsigned found; /* version read, or NONE */
static int other_holds;
#define NONE 1000u
#define MIXED 1001u

static struct bytes version_bytes(unsigned version, size_t len)
{
    static uint8_t data[ENTRY_LEN];
    for (size_t i = 0; i < len; i++) {
        data[i] = (uint8_t)(version * 29u + i * 5u + i / 200u);
    }
    return bytes_of(data, len);
}

static int version_write(unsigned version)
{
    return store_its_set(OWNER, UID, version_bytes(version, ENTRY_LEN), 0) == PSA_SUCCESS;
}

static void entries_make(void)
{
    (void)version_write(0);
    (void)store_its_set(OWNER, OTHER_UID, version_bytes(100, OTHER_LEN), 0);
}

void storage_fill(void)
{
    (void)chip_call(entries_make);
}

void storage_prepare(void)
{
    chip_provision(1);
    (void)chip_boot();
    storage_fill();
    done = 0;
    removed = 0;
}

static void write_all(void)
{
    for (done = 0; done < WRITES && version_write(done + 1); done++) {
    }
}

enum sim_end storage_run(void)
{
    return chip_call(write_all);
}

static void remove_one(void)
{
    removed = 0;
    removed = store_its_remove(OWNER, UID) == PSA_SUCCESS;
}

enum sim_end storage_remove_run(void)
{
    done = 0;
    return chip_call(remove_one);
}

static void entries_read(void)
{
    static uint8_t data[STORE_ITS_DATA_MAX];
    struct store_its_out out = { data, sizeof data };
    psa_status_t result = store_its_get(OWNER, UID, 0, &out);
    found = result == PSA_ERROR_DOES_NOT_EXIST ? NONE : MIXED;
    for (unsigned version = 0; version <= WRITES && result == PSA_SUCCESS; version++) {
        found = bytes_equal(bytes_of(data, out.len), version_bytes(version, ENTRY_LEN)) ? version : found;
    }
    out.len = sizeof data;
    other_holds = store_its_get(OWNER, OTHER_UID, 0, &out) == PSA_SUCCESS &&
                  bytes_equal(bytes_of(data, out.len), version_bytes(100, OTHER_LEN));
}

int storage_holds(void)
{
    (void)chip_call(entries_read);
    return found == 0 && other_holds;
}

static void write_last(void)
{
    (void)version_write(WRITES);
}

/* The storage works as before. */
static const char *works(void)
{
    (void)chip_call(write_last);
    (void)chip_call(entries_read);
    return found == WRITES && other_holds ? NULL : "the storage takes no entry any more";
}

const char *storage_after(void)
{
    (void)chip_call(entries_read);
    if (!other_holds) {
        return "another entry of the storage is lost";
    }
    return found == done || found == done + 1 ? works() : "the entry is neither the old nor the new one";
}

const char *storage_remove_after(void)
{
    (void)chip_call(entries_read);
    if (!other_holds) {
        return "another entry of the storage is lost";
    }
    return found == NONE || (found == 0 && !removed) ? works() : "the entry is neither there nor removed";
}
