/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm_known: keys that were found already, for as long as the sessions live in which they were: a search reads every
 * object of a token, which costs more than a signature. A handle that the token no longer takes is searched anew.
 */
#include <stdio.h>
#include <string.h>

#include "host/lib/hsm_room.h"

/* With the lock held. The place of this label, or NULL. */
static struct hsm_known *known_at(struct hsm *hsm, const char *label)
{
    for (size_t i = 0; i < HSM_KNOWN_MAX; i++) {
        struct hsm_known *known = &hsm->known[i];
        if (known->label[0] != '\0' && known->generation == hsm->generation && strcmp(known->label, label) == 0) {
            return known;
        }
    }
    return NULL;
}

/* With the lock held. The oldest makes room. */
static struct hsm_known *known_make(struct hsm *hsm, const char *label)
{
    struct hsm_known *known = known_at(hsm, label);
    if (known == NULL) {
        known = &hsm->known[hsm->known_next++ % HSM_KNOWN_MAX];
        memset(known, 0, sizeof *known);
        known->generation = hsm->generation;
        (void)snprintf(known->label, sizeof known->label, "%s", label);
    }
    return known;
}

void hsm_known_forget(struct hsm *hsm, const char *label)
{
    (void)pthread_mutex_lock(&hsm->lock);
    struct hsm_known *known = known_at(hsm, label);
    if (known != NULL) {
        memset(known, 0, sizeof *known);
    }
    (void)pthread_mutex_unlock(&hsm->lock);
}

int hsm_known_public_read(struct hsm *hsm, const char *label, uint8_t public_key[64])
{
    (void)pthread_mutex_lock(&hsm->lock);
    const struct hsm_known *known = known_at(hsm, label);
    int found = known != NULL && known->has_public;
    if (found) {
        memcpy(public_key, known->public_key, sizeof known->public_key);
    }
    (void)pthread_mutex_unlock(&hsm->lock);
    return found;
}

void hsm_known_public_keep(struct hsm *hsm, unsigned generation, const char *label, const uint8_t public_key[64])
{
    (void)pthread_mutex_lock(&hsm->lock);
    if (generation == hsm->generation) {
        struct hsm_known *known = known_make(hsm, label);
        known->has_public = 1;
        memcpy(known->public_key, public_key, sizeof known->public_key);
    }
    (void)pthread_mutex_unlock(&hsm->lock);
}

unsigned hsm_known_generation(struct hsm *hsm)
{
    (void)pthread_mutex_lock(&hsm->lock);
    unsigned generation = hsm->generation;
    (void)pthread_mutex_unlock(&hsm->lock);
    return generation;
}

static int handle_read(struct hsm *hsm, const char *label, CK_OBJECT_HANDLE *handle)
{
    (void)pthread_mutex_lock(&hsm->lock);
    const struct hsm_known *known = known_at(hsm, label);
    int found = known != NULL && known->has_handle;
    *handle = found ? known->handle : 0;
    (void)pthread_mutex_unlock(&hsm->lock);
    return found;
}

static void handle_keep(struct hsm *hsm, unsigned generation, const struct hsm_lookup *lookup)
{
    (void)pthread_mutex_lock(&hsm->lock);
    if (generation == hsm->generation) {
        struct hsm_known *known = known_make(hsm, lookup->label);
        known->has_handle = 1;
        known->handle = lookup->handle;
    }
    (void)pthread_mutex_unlock(&hsm->lock);
}

CK_RV hsm_known_use(struct hsm *hsm, CK_SESSION_HANDLE session, struct hsm_lookup *lookup, hsm_known_work work,
                    void *context)
{
    CK_FUNCTION_LIST *call = hsm->module->call;
    unsigned generation = hsm_known_generation(hsm);
    if (handle_read(hsm, lookup->label, &lookup->handle)) {
        lookup->count = 1;
        CK_RV rv = work(call, session, lookup->handle, context);
        if (rv != CKR_KEY_HANDLE_INVALID && rv != CKR_OBJECT_HANDLE_INVALID) {
            return rv;
        }
        hsm_known_forget(hsm, lookup->label);
    }
    CK_RV rv = hsm_lookup_run(call, session, lookup);
    if (rv != CKR_OK || lookup->count != 1) {
        return rv;
    }
    handle_keep(hsm, generation, lookup);
    return work(call, session, lookup->handle, context);
}
