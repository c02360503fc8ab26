/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm_session: the pool of sessions of one token. A session that gave an error is closed, never reused. When the token
 * lost its sessions, one thread opens anew and logs in; the others find the new generation.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/lib/hsm_room.h"

#define LOGIN_TRIES 5
#define LOGIN_PAUSE_MS 20

/* With the lock held. */
static CK_RV session_open_one(struct hsm *hsm, CK_SESSION_HANDLE *session)
{
    CK_FUNCTION_LIST *call = hsm->module->call;
    CK_RV rv = call->C_OpenSession(hsm->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, session);
    if (rv == CKR_TOKEN_WRITE_PROTECTED || rv == CKR_SESSION_READ_WRITE_SO_EXISTS) {
        rv = call->C_OpenSession(hsm->slot, CKF_SERIAL_SESSION, NULL, NULL, session);
    }
    return rv;
}

/* With the lock held. Login is a state of all sessions of this process with the token. */
static CK_RV session_login(struct hsm *hsm, CK_SESSION_HANDLE session)
{
    if (!hsm->has_pin) {
        return CKR_OK;
    }
    const struct timespec pause = { 0, LOGIN_PAUSE_MS * 1000000L };
    CK_RV rv = CKR_GENERAL_ERROR;
    /* A login writes to a SoftHSM token: two processes at once disturb each other. Not a word about the PIN. */
    for (int tries = 0; tries < LOGIN_TRIES && rv == CKR_GENERAL_ERROR; tries++) {
        if (tries > 0) {
            (void)nanosleep(&pause, NULL);
        }
        int turn = hsm_turn_begin();
        rv = hsm->module->call->C_Login(session, CKU_USER, hsm->pin, (CK_ULONG)hsm->pin_len);
        hsm_turn_end(turn);
    }
    return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

/* With the lock held. */
static CK_RV session_open_login(struct hsm *hsm, CK_SESSION_HANDLE *session)
{
    CK_RV rv = session_open_one(hsm, session);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = session_login(hsm, *session);
    if (rv != CKR_OK) {
        (void)hsm->module->call->C_CloseSession(*session);
        return rv;
    }
    hsm->open_count++;
    return CKR_OK;
}

static CK_RV session_take(struct hsm *hsm, CK_SESSION_HANDLE *session, unsigned *generation)
{
    CK_RV rv = CKR_OK;
    (void)pthread_mutex_lock(&hsm->lock);
    for (;;) {
        if (hsm->idle_count > 0) {
            *session = hsm->idle[--hsm->idle_count];
            break;
        }
        if (hsm->open_count < HSM_SESSIONS_MAX) {
            rv = session_open_login(hsm, session);
            /* A token with few sessions: wait for one of ours. */
            if (rv != CKR_SESSION_COUNT || hsm->open_count == 0) {
                break;
            }
            rv = CKR_OK;
        }
        (void)pthread_cond_wait(&hsm->returned, &hsm->lock);
    }
    *generation = hsm->generation;
    (void)pthread_mutex_unlock(&hsm->lock);
    return rv;
}

/* Back into the pool when all went well in it and it is of the present generation; else it is closed. */
static void session_give(struct hsm *hsm, CK_SESSION_HANDLE session, unsigned generation, int sound)
{
    (void)pthread_mutex_lock(&hsm->lock);
    if (generation != hsm->generation) {
        (void)hsm->module->call->C_CloseSession(session);
    } else if (sound) {
        hsm->idle[hsm->idle_count++] = session;
    } else {
        (void)hsm->module->call->C_CloseSession(session);
        hsm->open_count--;
    }
    (void)pthread_cond_signal(&hsm->returned);
    (void)pthread_mutex_unlock(&hsm->lock);
}

void hsm_session_close_all(struct hsm *hsm)
{
    while (hsm->idle_count > 0) {
        (void)hsm->module->call->C_CloseSession(hsm->idle[--hsm->idle_count]);
    }
    hsm->open_count = 0;
}

/* After a loss in generation `lost`: forgets its sessions and looks for the token again; it may have moved to another
 * slot. */
static int session_renew(struct hsm *hsm, unsigned lost, struct fault *fault)
{
    int result = 0;
    (void)pthread_mutex_lock(&hsm->lock);
    if (hsm->generation == lost) {
        CK_TOKEN_INFO info;
        CK_SLOT_ID slot = hsm->slot;
        hsm_session_close_all(hsm);
        hsm->generation++;
        result = hsm_token_find(hsm->module, &hsm->uri, &slot, &info, fault);
        hsm->slot = slot;
    }
    (void)pthread_cond_broadcast(&hsm->returned);
    (void)pthread_mutex_unlock(&hsm->lock);
    return result;
}

/* Without a login a token does not refuse, it just shows no private key: that must not read as "there is no key". */
static CK_RV session_check_login(struct hsm *hsm, CK_SESSION_HANDLE session)
{
    CK_SESSION_INFO info;
    CK_RV rv = hsm->module->call->C_GetSessionInfo(session, &info);
    if (rv == CKR_OK && hsm->has_pin && info.state != CKS_RO_USER_FUNCTIONS && info.state != CKS_RW_USER_FUNCTIONS) {
        rv = CKR_USER_NOT_LOGGED_IN;
    }
    return rv;
}

static CK_RV session_work(struct hsm *hsm, hsm_work work, void *context, unsigned *generation)
{
    CK_SESSION_HANDLE session = 0;
    CK_RV rv = session_take(hsm, &session, generation);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = session_check_login(hsm, session);
    if (rv == CKR_OK) {
        rv = work(hsm->module->call, session, context);
    }
    session_give(hsm, session, *generation, rv == CKR_OK);
    return rv;
}

int hsm_run(struct hsm *hsm, const char *doing, hsm_work work, void *context, struct fault *fault)
{
    unsigned generation = 0;
    CK_RV rv = session_work(hsm, work, context, &generation);
    if (hsm_error_is_loss(rv)) {
        if (session_renew(hsm, generation, fault) != 0) {
            return -1;
        }
        rv = session_work(hsm, work, context, &generation);
    }
    return rv == CKR_OK ? 0 : hsm_error(fault, hsm->name, doing, rv);
}

static CK_RV session_nothing(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *context)
{
    (void)call;
    (void)session;
    (void)context;
    return CKR_OK;
}

int hsm_session_start(struct hsm *hsm, struct fault *fault)
{
    return hsm_run(hsm, "log in", session_nothing, NULL, fault);
}

void hsm_calm_begin(sigset_t *before)
{
    sigset_t waiting;
    (void)sigemptyset(&waiting);
    (void)sigaddset(&waiting, SIGINT);
    (void)sigaddset(&waiting, SIGTERM);
    (void)sigaddset(&waiting, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &waiting, before);
}

void hsm_calm_end(const sigset_t *before)
{
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}
