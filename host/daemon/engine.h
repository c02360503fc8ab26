/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine: what the daemon serves: token, ledger, quota and production run of one folder, joined (appliance.h). Carries
 * the stations' letters and logs what came of them; loads packages and writes orders for the control socket.
 */
#ifndef HOST_DAEMON_ENGINE_H
#define HOST_DAEMON_ENGINE_H

#include "host/daemon/control.h"
#include "host/appliance/folder.h"
#include "host/daemon/server.h"
#include "host/dashboard/dashboard.h"

#define ENGINE_PACKAGE "production.wpp" /* the package that was loaded last, in the folder */

struct engine;

/* `folder` and `hsm` must outlive it. Opens the ledger and, where there is one, the TPM, and takes up the package that
 * was loaded last; one that is refused now is logged, and no chip is made. token_needed: appliance.h. */
int engine_open(const struct appliance_folder *folder, struct hsm *hsm, int token_needed, struct engine **out,
                struct fault *fault);
/* Starts the thread that looks after ledger and TPM (engine_watch.h). */
int engine_watch(struct engine *engine, struct fault *fault);
/* Once no station is connected: records the end. NULL is allowed. */
void engine_close(struct engine *engine);
/* For server_open. */
struct server_engine engine_serve(struct engine *engine);

/* For the control socket, one at a time. Load: cut: the package is taken up at the next start, or not at all. */
int engine_load(struct engine *engine, struct bytes package, struct control_reply *reply, struct fault *fault);
/* Takes up the package that was loaded last, if it was refused so far: the clock may be right now. */
void engine_resume(struct engine *engine);
int engine_order(struct engine *engine, struct control_reply *reply, struct fault *fault);
int engine_status(struct engine *engine, struct control_reply *reply, struct fault *fault);
/* Records that a device was decommissioned or given debug rights, by its proof (host/sign1/ending.h), or that a unit
 * was scrapped, by the maker's order (host/sign1/scrap.h). */
int engine_record(struct engine *engine, struct bytes what, struct control_reply *reply, struct fault *fault);

/* Failures in the ledger, and those above the rate of their station. */
void engine_failures(struct engine *engine, uint64_t *recorded, uint64_t *left_out);

/* What the line made, as Prometheus text behind what is in `out` already, with a NUL; gives its new length. */
size_t engine_metrics(struct engine *engine, char *out, size_t len, size_t out_len);

/* What the dashboard shows: two of its source's callbacks, with the engine as context. */
int engine_line(void *engine, struct dashboard_line *line, struct fault *fault);
int engine_units(void *engine, const char *prefix, size_t max, struct dashboard_unit *out, size_t *count,
                 uint64_t *total, struct fault *fault);

/* The TPM's part of enrolment, for folder.h. */
extern const struct folder_tpm engine_tpm;

#endif
