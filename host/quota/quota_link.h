/* SPDX-License-Identifier: Apache-2.0 */
/* quota_link: the way to the TPM, and back again after it went away. Not for other rooms. */
#ifndef HOST_QUOTA_QUOTA_LINK_H
#define HOST_QUOTA_QUOTA_LINK_H

#include <tss2/tss2_sys.h>
#include <tss2/tss2_tcti.h>

#include "host/lib/fault.h"

/* A TCTI around the one that was asked for: waits no longer than it should, gives a command again when the TPM asks for
 * that, and survives a peer that hangs up. */
struct quota_tap {
    TSS2_TCTI_CONTEXT_COMMON_V2 head; /* first: the system API sees nothing else */
    TSS2_TCTI_CONTEXT *inner;
    int wait_ms;
    char path[108];        /* of swtpm's socket, or empty */
    uint8_t command[4096]; /* the last one: a TPM may ask for it again */
    size_t command_len;
    uint8_t answer[4096];
    size_t answer_len; /* 0: none is held */
};

struct quota_link {
    struct quota_tap tap;
    TSS2_SYS_CONTEXT *sys; /* NULL: not connected */
    int has_kept;          /* 1: a policy session waits for the next unit; it authorises nothing by itself */
    TPMI_SH_AUTH_SESSION kept;
};

/* One session that authorises by an empty password. */
extern const TSS2L_SYS_AUTH_COMMAND quota_link_password;

/* Connects, starts the TPM up where nobody did, and flushes sessions and transient objects that a cut run left. */
int quota_link_open(struct quota_link *link, const char *tcti, unsigned seconds, struct fault *fault);
/* Gives the TPM its kept session back, for an orderly end. Safe on a link that is closed. */
void quota_link_flush(struct quota_link *link);
/* Safe on a link that is closed. */
void quota_link_close(struct quota_link *link);
/*
 * Fills the fault with what the TPM (or the way to it) said while it was to do `what`, and closes the link, so that the
 * next call begins anew. Returns -1.
 */
int quota_link_fault(struct quota_link *link, struct fault *fault, const char *what, TSS2_RC code);
/* 1 when `code` is the TPM's refusal `base`, whatever handle, session or parameter it names (Part 2 section 6.6). */
int quota_link_is(TSS2_RC code, TSS2_RC base);
/* A policy session: its handle, and its nonce of `nonce_len` bytes (16 to 32). */
TSS2_RC quota_link_session(struct quota_link *link, size_t nonce_len, TPMI_SH_AUTH_SESSION *session,
                           TPM2B_NONCE *nonce);
/* One session that authorises by its policy and ends with the command. */
TSS2L_SYS_AUTH_COMMAND quota_link_policy(TPMI_SH_AUTH_SESSION session);

#endif
