/* SPDX-License-Identifier: Apache-2.0 */
/* veneer_host: the guard of the veneers on a host, which has one world only: one range of memory plays the
 * application's. */
#ifndef SBM_VENEER_HOST_H
#define SBM_VENEER_HOST_H

#include <stddef.h>

/* From now on [first, first + len) is the application's RAM; nothing else is. */
void veneer_host_open(void *first, size_t len);

#endif
