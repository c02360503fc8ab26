/* SPDX-License-Identifier: Apache-2.0 */
/* identity: what names the device to others, of which nothing is secret. Each gives 0 when SBM has none. */
#ifndef APP_IDENTITY_H
#define APP_IDENTITY_H

#include <stdint.h>

#define IDENTITY_INSTANCE_LEN 33u
#define IDENTITY_DIGEST_LEN 32u

/* The instance ID of attestation tokens (docs/spec.md section 9.2). */
int identity_instance_read(uint8_t out[IDENTITY_INSTANCE_LEN]);
/* SHA-256 of the device's certificate: its fingerprint. */
int identity_certificate_read(uint8_t out[IDENTITY_DIGEST_LEN]);

#endif
