/* SPDX-License-Identifier: Apache-2.0 */
/* recovery: the data link served by SBM itself, when no application can or shall (docs/spec.md section 9). */
#ifndef SBM_RECOVERY_H
#define SBM_RECOVERY_H

/* Serves SMP for good, on a provisioned device. Takes what the normal way takes: a package goes through the update
 * service, is refused for the same reasons, and is installed by the next boot. The log then says that recovery was
 * entered, so that the next reset tries the normal way. */
_Noreturn void recovery(void);

#endif
