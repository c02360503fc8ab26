/* SPDX-License-Identifier: Apache-2.0 */
/* launch: from a provisioned device to the running application: pending update, verification, healing, gate. One way;
 * no step calls an earlier one. */
#ifndef SBM_LAUNCH_H
#define SBM_LAUNCH_H

#include "base/status.h"

/* Never returns: the application runs, or the halt state is reached. cut: at any moment the next boot ends in a right
 * image or in halt. */
_Noreturn void launch(void);
/* Full check of what is installed, on a loaded device: signature of its package (or of the copy of its envelope),
 * digest of the image, entry point. BOOT_NO_IMAGE, SUIT_*, CRYPTO_SIGNATURE. */
status_t launch_installed_verify(void);

#endif
