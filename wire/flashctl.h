/* SPDX-License-Identifier: Apache-2.0 */
/* flashctl: the numbers of the virtual chip's controller protocol (docs/spec.md section 2), shared by the port and the
 * chip. */
#ifndef WIRE_FLASHCTL_H
#define WIRE_FLASHCTL_H

#define FLASHCTL_FLASH_LEN 0x400000u
#define FLASHCTL_SECTOR_LEN 4096u
#define FLASHCTL_GRANULE_LEN 16u
#define FLASHCTL_PROGRAM_MAX 4096u
#define FLASHCTL_REQUEST_LEN 8u

#define FLASHCTL_ERASE 0x45u
#define FLASHCTL_PROGRAM 0x50u
#define FLASHCTL_FUSES 0x46u
#define FLASHCTL_BLOW 0x42u
#define FLASHCTL_SEAL 0x53u
#define FLASHCTL_VENDOR 0x56u /* read the vendor page */
#define FLASHCTL_DEBUG 0x44u  /* its address: the rights */

#define FLASHCTL_DONE 0x4Bu
#define FLASHCTL_BAD_REQUEST 0x01u
#define FLASHCTL_RANGE 0x02u
#define FLASHCTL_ALIGN 0x03u
#define FLASHCTL_LOCKED 0x04u
#define FLASHCTL_NOT_ERASED 0x05u
#define FLASHCTL_SEALED 0x06u
#define FLASHCTL_FUSE_DENIED 0x07u

/* Rights of the debug port of a locked chip. */
#define FLASHCTL_DEBUG_NONSECURE 1u
#define FLASHCTL_DEBUG_SECURE 2u

#define FLASHCTL_VENDOR_LEN 1536u     /* of the page */
#define FLASHCTL_VENDOR_HEAD_LEN 10u  /* issued u32, length u16, offset u16, length u16: spec section 2.8 */

#define FUSE_WORDS 64u
#define FUSE_LIFECYCLE 0u
#define FUSE_DEBUG_LOCK 1u
#define FUSE_BOOT_LOCK 2u
#define FUSE_BOOT_LOCK_SECTORS 3u
#define FUSE_KEYS_RETIRED 4u /* of the OEM's firmware keys; the next word: of its mastering keys */
#define FUSE_UNIQUE_ID 8u
#define FUSE_VENDOR_KEY 16u
#define FUSE_ROOT_KEY 24u
#define FUSE_VENDOR_LOCK 63u

#endif
