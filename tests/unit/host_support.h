/* SPDX-License-Identifier: Apache-2.0 */
/* host_support: what tests of the host's rooms share: a folder of their own, SoftHSM in it, and faults that fail the
 * test. */
#ifndef TESTS_UNIT_HOST_SUPPORT_H
#define TESTS_UNIT_HOST_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "host/lib/fault.h"
#include "host/lib/hsm.h"

/* Makes an empty folder in /tmp; its path stays until support_folder_remove. */
const char *support_folder_make(void);
/* Removes it with all that is in it. */
void support_folder_remove(void);
/* "<folder>/<name>"; valid until the eighth call from now. */
const char *support_path(const char *name);
/* Writes a text file with this mode into the folder. */
void support_write(const char *name, const char *text, unsigned mode);
/* Makes a SoftHSM configuration and token folder in the folder and points SOFTHSM2_CONF there. */
void support_softhsm_start(void);
/* Makes a token (PIN in "<label>.pin") and opens it. */
struct hsm *support_token_open(const char *label);
/* Fails the test with the fault's text unless `result` is 0. */
void support_check(int result, const struct fault *fault);
/* Fails unless `result` is -1 and the fault's text or hint holds `part`. */
void support_check_refused(int result, const struct fault *fault, const char *part);
/* 1 when OpenSSL says that `signature` (r, s) over `digest` is by `public_key`. */
int support_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64]);

/* Makes P-256 key pairs with OpenSSL until the secret shared with `public_key` begins with a zero byte. */
void support_peer_with_zero(const uint8_t public_key[64], uint8_t peer[64], uint8_t secret[32]);

#endif
