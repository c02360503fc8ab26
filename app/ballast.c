/* SPDX-License-Identifier: Apache-2.0 */
/* ballast: fills the bench's application up to 256 KiB. */
#include <stdint.h>

#define BALLAST_LEN (256u * 1024u - 0x5000u)
__attribute__((section(".ballast"), used)) const uint8_t ballast[BALLAST_LEN] = { 0x57, 0x69, 0x6e };
