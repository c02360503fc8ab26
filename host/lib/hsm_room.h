/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_room: what the files hsm_*.c share among themselves. Nobody else includes it: no PKCS#11 name leaves this room.
 */
#ifndef HOST_LIB_HSM_ROOM_H
#define HOST_LIB_HSM_ROOM_H

#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <signal.h>

#include "host/lib/hsm.h"
#include "host/lib/hsm_uri.h"

#define HSM_SESSIONS_MAX 8
#define HSM_PIN_MAX 255
#define HSM_POINT_LEN 65 /* 0x04, X, Y */
#define HSM_KNOWN_MAX 8
#define HSM_AHEAD_LEN 1024

/* ---- hsm_module.c ---- */

/* A loaded and initialised module; one for each library in the process, counted. */
struct hsm_module {
    void *library;
    CK_FUNCTION_LIST *call;
    char path[512];
    unsigned users;
    int initialised_here; /* then C_Finalize is ours, too */
    struct hsm_module *next;
};
/* Finds (path or short name), loads and initialises. */
int hsm_module_open(const char *name, struct hsm_module **out, struct fault *fault);
void hsm_module_close(struct hsm_module *module);
/* Path of a module: `name` itself when it has a slash, else the first library of that name in the usual folders. */
int hsm_module_find(const char *name, char *out, size_t out_len, struct fault *fault);
/* All slots with a token (present != 0) or all slots; the caller frees *slots. */
int hsm_module_slots(struct hsm_module *module, int present, CK_SLOT_ID **slots, CK_ULONG *count, struct fault *fault);

/* ---- hsm_error.c ---- */

/* Text for people of a result, such as "the PIN is wrong (CKR_PIN_INCORRECT)". `buffer` is used for numbers without a
 * name. */
const char *hsm_error_text(CK_RV rv, char *buffer, size_t buffer_len);
/* "<where>: cannot <doing>: <text>", with a hint where one is known. Returns -1. */
int hsm_error(struct fault *fault, const char *where, const char *doing, CK_RV rv);
/* 1 when the session, login or token was lost and opening anew may help. */
int hsm_error_is_loss(CK_RV rv);

/* ---- hsm_token.c ---- */

/* Opens the module. SoftHSM leaves a token out of its list when another process writes to it while the list is made:
 * then the module is opened anew, a few times. */
int hsm_token_module_open(const char *module_name, const struct hsm_uri *uri, struct hsm_module **out,
                          struct fault *fault);
/* The one initialised token that matches. Fault: none, or more than one; the message lists what is there. */
int hsm_token_find(struct hsm_module *module, const struct hsm_uri *uri, CK_SLOT_ID *slot, CK_TOKEN_INFO *info,
                   struct fault *fault);
/* Copies a blank-padded field as text; bytes that are not printable become '?'. */
void hsm_token_field(const unsigned char *field, size_t len, char *out, size_t out_len);

/* ---- hsm_session.c ---- */

/* A key that was found in sessions of this generation. */
struct hsm_known {
    char label[HSM_LABEL_MAX + 1]; /* empty: none */
    unsigned generation;
    int has_handle; /* of the private half */
    CK_OBJECT_HANDLE handle;
    int has_public;
    uint8_t public_key[64];
};

struct hsm {
    struct hsm_module *module;
    struct hsm_uri uri;
    CK_SLOT_ID slot;
    CK_FLAGS token_flags;
    int can_generate;
    int can_agree;
    char description[256];
    char name[160]; /* for messages */
    uint8_t pin[HSM_PIN_MAX + 1];
    size_t pin_len;
    int has_pin;
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t returned; /* a session came back or was dropped */
    CK_SESSION_HANDLE idle[HSM_SESSIONS_MAX];
    size_t idle_count;
    size_t open_count;   /* idle and lent */
    unsigned generation; /* one more each time that sessions were lost */
    struct hsm_known known[HSM_KNOWN_MAX];
    size_t known_next;
    pthread_mutex_t drawing;      /* guards the two below; taken before `lock` */
    uint8_t ahead[HSM_AHEAD_LEN]; /* random bytes that nobody had yet, the first ahead_len */
    size_t ahead_len;
    pthread_mutex_t generating; /* one key generation at a time: label check and generation belong together */
};

/* One piece of work in a session. Gives the module's result; keeps what it found in its context. It may run twice. */
typedef CK_RV (*hsm_work)(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, void *context);
/* Runs `work` in a session of the pool. When session, login or token were lost: opens anew, logs in, and runs it once
 * more. `doing` completes "cannot ...". */
int hsm_run(struct hsm *hsm, const char *doing, hsm_work work, void *context, struct fault *fault);
/* While a process has its turn no other of ours reads or writes SoftHSM's tokens. Not to be held while a person is
 * asked for a PIN. Without a SoftHSM there is nothing to wait for. */
int hsm_turn_begin(void);
void hsm_turn_end(int turn);
/* SIGINT, SIGTERM and SIGHUP wait until hsm_calm_end: a token or a key is made whole before the program ends. */
void hsm_calm_begin(sigset_t *before);
void hsm_calm_end(const sigset_t *before);
/* Opens the first session and logs in. */
int hsm_session_start(struct hsm *hsm, struct fault *fault);
void hsm_session_close_all(struct hsm *hsm);

/* ---- hsm_key.c ---- */

/* A key looked up by class and label. */
struct hsm_lookup {
    CK_OBJECT_CLASS object_class;
    const char *label;
    CK_OBJECT_HANDLE handle; /* of the first */
    CK_ULONG count;          /* 0, 1, or 2 for more than one */
};
CK_RV hsm_lookup_run(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, struct hsm_lookup *lookup);
/* Fault when the count is not 1. */
int hsm_lookup_check(const struct hsm *hsm, const struct hsm_lookup *lookup, struct fault *fault);
/* Fault unless 1 to HSM_LABEL_MAX printable characters. */
int hsm_label_check(const char *label, struct fault *fault);

/* ---- hsm_known.c ---- */

/* Work with a private key. It may run twice: when the token no longer takes the handle that was known. */
typedef CK_RV (*hsm_known_work)(CK_FUNCTION_LIST *call, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, void *context);
/* Runs `work` with the one private key of that label, known or looked up; not at all when lookup->count is not 1. */
CK_RV hsm_known_use(struct hsm *hsm, CK_SESSION_HANDLE session, struct hsm_lookup *lookup, hsm_known_work work,
                    void *context);
/* 1 and the public key, or 0: not known. */
int hsm_known_public_read(struct hsm *hsm, const char *label, uint8_t public_key[64]);
/* Keeps what was read in sessions of this generation, as hsm_known_generation said before. */
unsigned hsm_known_generation(struct hsm *hsm);
void hsm_known_public_keep(struct hsm *hsm, unsigned generation, const char *label, const uint8_t public_key[64]);
/* A key of this label was made or removed. */
void hsm_known_forget(struct hsm *hsm, const char *label);

#endif
