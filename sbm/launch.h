/* SPDX-License-Identifier: Apache-2.0 */
/* launch: from a provisioned device to the running application: pending update, verification, healing, gate. One way;
 * no step calls an earlier one. */
#ifndef SBM_LAUNCH_H
#define SBM_LAUNCH_H

/* Never returns: the application runs, or the halt state is reached. cut: at any moment the next boot ends in a right
 * image or in halt. */
_Noreturn void launch(void);

#endif
