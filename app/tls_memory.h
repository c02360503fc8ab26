/* SPDX-License-Identifier: Apache-2.0 */
/* tls_memory: what Mbed TLS's allocator does when its block was overwritten. */
#ifndef APP_TLS_MEMORY_H
#define APP_TLS_MEMORY_H

#include <stdio.h>

/* Resets the device: memory that somebody wrote over is no place to go on. */
_Noreturn void tls_memory_damaged(int code);

#endif
