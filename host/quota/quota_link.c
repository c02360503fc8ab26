/* SPDX-License-Identifier: Apache-2.0 */
/* quota_link: see quota_link.h. */
#include "host/quota/quota_link.h"

#include <dlfcn.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "base/bytes.h"

#define TAP_MAGIC 0x57494E444C415353u
#define HANDLES_MAX 32
#define TRANSIENT_FIRST 0x80000000u
#define HEADER_LEN 10
#define LIBRARY_MAX 256
#define SWTPM_PATH "swtpm:path="
#define AGAIN_MAX 200 /* of 50 ms */

const TSS2L_SYS_AUTH_COMMAND quota_link_password = { .count = 1, .auths = { { .sessionHandle = TPM2_RS_PW } } };

/* ---- the tap ---- */

static struct quota_tap *tap_of(TSS2_TCTI_CONTEXT *context)
{
    return (struct quota_tap *)(void *)context;
}

/* The number that the next descriptor gets, unless another thread is quicker. */
static int descriptor_guess(void)
{
    int fd = dup(STDERR_FILENO);
    if (fd >= 0) {
        (void)close(fd);
    }
    return fd;
}

/* The swtpm TCTI connects anew for each command and does not tell what to wait for: its socket, if it is there, is
 * known by the name of its other end. */
static void socket_limit(const struct quota_tap *tap, int fd)
{
    const struct timeval limit = { tap->wait_ms / 1000, tap->wait_ms % 1000 * 1000 };
    struct sockaddr_un peer = { .sun_family = AF_UNSPEC };
    socklen_t len = sizeof peer;
    if (fd >= 0 && getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sun_family == AF_UNIX &&
        strncmp(peer.sun_path, tap->path, sizeof peer.sun_path) == 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
}

/* A peer that hung up must give an error, not a signal: SIGPIPE is kept away, and taken if it came. */
static TSS2_RC command_transmit(struct quota_tap *tap)
{
    const struct timespec now = { 0, 0 };
    sigset_t pipe;
    sigset_t before;
    sigset_t pending;
    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)sigpending(&pending);
    (void)pthread_sigmask(SIG_BLOCK, &pipe, &before);
    const int guess = tap->path[0] != '\0' ? descriptor_guess() : -1;
    TSS2_RC code = Tss2_Tcti_Transmit(tap->inner, tap->command_len, tap->command);
    socket_limit(tap, guess);
    if (code != TSS2_RC_SUCCESS && !sigismember(&pending, SIGPIPE)) {
        (void)sigtimedwait(&pipe, NULL, &now);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static TSS2_RC tap_transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
    struct quota_tap *tap = tap_of(context);
    if (size > sizeof tap->command) {
        return TSS2_TCTI_RC_BAD_VALUE;
    }
    memcpy(tap->command, command, size);
    tap->command_len = size;
    tap->answer_len = 0;
    return command_transmit(tap);
}

/* 1 when an answer comes in time, or when this TCTI does not tell what to wait for. */
static int answer_awaited(struct quota_tap *tap)
{
    struct pollfd handles[4];
    size_t count = 0;
    memset(handles, 0, sizeof handles);
    if (Tss2_Tcti_GetPollHandles(tap->inner, NULL, &count) != TSS2_RC_SUCCESS || count == 0 || count > 4 ||
        Tss2_Tcti_GetPollHandles(tap->inner, handles, &count) != TSS2_RC_SUCCESS) {
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        handles[i].events = POLLIN; /* not every TCTI says so */
    }
    return poll(handles, (nfds_t)count, tap->wait_ms) > 0;
}

static TSS2_RC answer_receive(struct quota_tap *tap)
{
    if (!answer_awaited(tap)) {
        return TSS2_TCTI_RC_IO_ERROR;
    }
    tap->answer_len = sizeof tap->answer;
    return Tss2_Tcti_Receive(tap->inner, &tap->answer_len, tap->answer, TSS2_TCTI_TIMEOUT_BLOCK);
}

/* 1 when the TPM says that it did nothing and wants the command again: it tests itself, or spares its memory. */
static int answer_asks_again(const uint8_t *response, size_t size)
{
    if (size < HEADER_LEN) {
        return 0;
    }
    uint32_t code = (uint32_t)bytes_read_be16(response + 6) << 16 | bytes_read_be16(response + 8);
    return code == TPM2_RC_RETRY || code == TPM2_RC_YIELDED || code == TPM2_RC_TESTING || code == TPM2_RC_NV_RATE;
}

static TSS2_RC answer_fetch(struct quota_tap *tap)
{
    const struct timespec pause = { 0, 50000000 };
    TSS2_RC code = answer_receive(tap);
    for (int tries = 0; code == TSS2_RC_SUCCESS && tries < AGAIN_MAX; tries++) {
        if (!answer_asks_again(tap->answer, tap->answer_len)) {
            break;
        }
        if (tries > 0) {
            (void)nanosleep(&pause, NULL);
        }
        code = command_transmit(tap);
        code = code == TSS2_RC_SUCCESS ? answer_receive(tap) : code;
    }
    return code;
}

/* The system API asks first how long the answer is (response == NULL), and then for it. */
static TSS2_RC tap_receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
    (void)timeout;
    struct quota_tap *tap = tap_of(context);
    TSS2_RC code = tap->answer_len > 0 ? TSS2_RC_SUCCESS : answer_fetch(tap);
    if (code == TSS2_RC_SUCCESS && response != NULL) {
        if (*size < tap->answer_len) {
            return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
        }
        memcpy(response, tap->answer, tap->answer_len);
    }
    *size = code == TSS2_RC_SUCCESS ? tap->answer_len : 0;
    if (code != TSS2_RC_SUCCESS || response != NULL) {
        tap->answer_len = 0;
    }
    return code;
}

static void tap_open(struct quota_tap *tap, TSS2_TCTI_CONTEXT *inner, const char *tcti, unsigned seconds)
{
    memset(tap, 0, sizeof *tap);
    tap->head.v1.magic = TAP_MAGIC;
    tap->head.v1.version = 1;
    tap->head.v1.transmit = tap_transmit;
    tap->head.v1.receive = tap_receive;
    tap->inner = inner;
    tap->wait_ms = seconds == 0 ? 120000 : seconds > 600 ? 600000 : (int)(seconds * 1000);
    if (strncmp(tcti, SWTPM_PATH, strlen(SWTPM_PATH)) == 0) {
        (void)snprintf(tap->path, sizeof tap->path, "%s", tcti + strlen(SWTPM_PATH));
    }
}

/* ---- faults ---- */

int quota_link_is(TSS2_RC code, TSS2_RC base)
{
    if ((code & TSS2_RC_LAYER_MASK) != TSS2_TPM_RC_LAYER) {
        return 0;
    }
    return (code & TPM2_RC_FMT1) != 0 ? (code & (TPM2_RC_FMT1 | 0x3F)) == base : code == base;
}

int quota_link_fault(struct quota_link *link, struct fault *fault, const char *what, TSS2_RC code)
{
    TSS2_RC layer = code & TSS2_RC_LAYER_MASK;
    quota_link_close(link);
    if (layer == TSS2_TCTI_RC_LAYER) {
        (void)fault_set(fault, "TPM: it does not answer (%s)", what);
        return fault_hint(fault, "is it there, and does nobody else hold it? The next call connects anew");
    }
    if (quota_link_is(code, TPM2_RC_INITIALIZE)) {
        (void)fault_set(fault, "TPM: it was restarted (%s)", what);
        return fault_hint(fault, "the next call starts it up and connects anew");
    }
    return fault_set(fault, "TPM: %s: %s (0x%x)", what, Tss2_RC_Decode(code), (unsigned)code);
}

/* ---- the link ---- */

static TSS2_RC handles_flush(struct quota_link *link, UINT32 first)
{
    TPMS_CAPABILITY_DATA data;
    TPMI_YES_NO more = TPM2_NO;
    memset(&data, 0, sizeof data);
    TSS2_RC code = Tss2_Sys_GetCapability(link->sys, NULL, TPM2_CAP_HANDLES, first, HANDLES_MAX, &more, &data, NULL);
    for (UINT32 i = 0; code == TSS2_RC_SUCCESS && i < data.data.handles.count; i++) {
        code = Tss2_Sys_FlushContext(link->sys, data.data.handles.handle[i]);
    }
    return code;
}

static TSS2_RC leftovers_flush(struct quota_link *link)
{
    TSS2_RC code = handles_flush(link, TPM2_LOADED_SESSION_FIRST);
    if (quota_link_is(code, TPM2_RC_INITIALIZE)) {
        code = Tss2_Sys_Startup(link->sys, TPM2_SU_CLEAR);
        code = code == TSS2_RC_SUCCESS ? handles_flush(link, TPM2_LOADED_SESSION_FIRST) : code;
    }
    return code == TSS2_RC_SUCCESS ? handles_flush(link, TRANSIENT_FIRST) : code;
}

static TSS2_RC sys_open(struct quota_link *link)
{
    TSS2_ABI_VERSION version = TSS2_ABI_VERSION_CURRENT;
    size_t size = Tss2_Sys_GetContextSize(0);
    link->sys = calloc(1, size);
    if (link->sys == NULL) {
        return TSS2_SYS_RC_GENERAL_FAILURE;
    }
    TSS2_RC code = Tss2_Sys_Initialize(link->sys, size, (TSS2_TCTI_CONTEXT *)(void *)&link->tap, &version);
    return code == TSS2_RC_SUCCESS ? leftovers_flush(link) : code;
}

/* Remembers the object of a TCTI among those that are loaded. */
static int library_find(struct dl_phdr_info *info, size_t size, void *out)
{
    (void)size;
    char *name = out;
    if (strstr(info->dlpi_name, "libtss2-tcti-") != NULL) {
        (void)snprintf(name, LIBRARY_MAX, "%s", info->dlpi_name);
    }
    return 0;
}

/* The TCTI's library stays loaded, so that coming back needs no new code: a confined process may map none. */
static void library_keep(void)
{
    char name[LIBRARY_MAX] = "";
    (void)dl_iterate_phdr(library_find, name);
    if (name[0] != '\0') {
        (void)dlopen(name, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    }
}

int quota_link_open(struct quota_link *link, const char *tcti, unsigned seconds, struct fault *fault)
{
    TSS2_TCTI_CONTEXT *inner = NULL;
    memset(link, 0, sizeof *link);
    (void)setenv("TSS2_LOG", "all+none", 0); /* what it says on stderr is not for our users */
    if (Tss2_TctiLdr_Initialize(tcti, &inner) != TSS2_RC_SUCCESS) {
        (void)fault_set(fault, "TPM '%s': no connection", tcti);
        return fault_hint(fault,
                          "name it as the TSS does, e.g. device:/dev/tpmrm0; is it there and may this user use it?");
    }
    library_keep();
    tap_open(&link->tap, inner, tcti, seconds);
    TSS2_RC code = sys_open(link);
    return code == TSS2_RC_SUCCESS ? 0 : quota_link_fault(link, fault, "the first command", code);
}

void quota_link_flush(struct quota_link *link)
{
    if (link->sys != NULL && link->has_kept) {
        (void)Tss2_Sys_FlushContext(link->sys, link->kept);
    }
    link->has_kept = 0;
}

void quota_link_close(struct quota_link *link)
{
    link->has_kept = 0;
    if (link->sys != NULL) {
        Tss2_Sys_Finalize(link->sys);
        free(link->sys);
        link->sys = NULL;
    }
    if (link->tap.inner != NULL) {
        Tss2_TctiLdr_Finalize(&link->tap.inner);
        link->tap.inner = NULL;
    }
}

/* ---- sessions ---- */

TSS2_RC quota_link_session(struct quota_link *link, size_t nonce_len, TPMI_SH_AUTH_SESSION *session, TPM2B_NONCE *nonce)
{
    /* Nothing is bound to the caller's nonce, since no command is authorised by a secret. */
    const TPM2B_NONCE caller = { .size = (UINT16)nonce_len };
    const TPM2B_ENCRYPTED_SECRET no_salt = { .size = 0 };
    const TPMT_SYM_DEF no_cipher = { .algorithm = TPM2_ALG_NULL };
    memset(nonce, 0, sizeof *nonce);
    return Tss2_Sys_StartAuthSession(link->sys, TPM2_RH_NULL, TPM2_RH_NULL, NULL, &caller, &no_salt, TPM2_SE_POLICY,
                                     &no_cipher, TPM2_ALG_SHA256, session, nonce, NULL);
}

TSS2L_SYS_AUTH_COMMAND quota_link_policy(TPMI_SH_AUTH_SESSION session)
{
    return (TSS2L_SYS_AUTH_COMMAND){ .count = 1, .auths = { { .sessionHandle = session } } };
}
