/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status: the one result type of everything that runs on the chip and of the formats both sides share.
 * The list is append-only: a number, once given, keeps its meaning (it is stored in flash and shown to people).
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdint.h>

/* X(name, number, text for people). Numbers 1 to 255. */
#define STATUS_LIST(X)                                                                                                 \
    X(FAIL, 1, "failed")                                                                                               \
    X(BAD_ARGUMENT, 2, "an argument is out of its range")                                                              \
    X(TRUNCATED, 3, "the data ends too early")                                                                         \
    X(TRAILING, 4, "there is data after the end")                                                                      \
    X(TOO_LONG, 5, "too long")                                                                                         \
    X(NOT_CANONICAL, 6, "not in deterministic CBOR (RFC 8949 section 4.2)")                                            \
    X(WRONG_TYPE, 7, "a value has the wrong type")                                                                     \
    X(DUPLICATE, 8, "a map key stands twice")                                                                          \
    X(UNKNOWN_FIELD, 9, "a field that is not known here")                                                              \
    X(MISSING_FIELD, 10, "a required field is missing")                                                                \
    X(UNSUPPORTED, 11, "an algorithm or version that is not supported")                                                \
    X(TOO_MANY, 12, "more items than allowed")                                                                         \
    X(NO_SPACE, 13, "the buffer or the region is full")                                                                \
    X(NOT_FOUND, 14, "not there")                                                                                      \
    X(FLASH_RANGE, 20, "flash: outside the array")                                                                     \
    X(FLASH_ALIGN, 21, "flash: not aligned to sector or granule")                                                      \
    X(FLASH_LOCKED, 22, "flash: the range is locked")                                                                  \
    X(FLASH_NOT_ERASED, 23, "flash: programming what is not erased")                                                   \
    X(FLASH_SEALED, 24, "flash: sealed until the next reset")                                                          \
    X(FLASH_IO, 25, "flash: the controller does not answer as it should")                                              \
    X(FUSE_DENIED, 26, "fuse: may not be programmed")                                                                  \
    X(TRNG_FAILED, 27, "the random number generator failed its health test")                                           \
    X(CRYPTO_SIGNATURE, 40, "the signature is wrong")                                                                  \
    X(CRYPTO_UNWRAP, 41, "the wrapped key does not open")                                                              \
    X(CRYPTO_KEY, 42, "not a valid key")                                                                               \
    X(CRYPTO_SELFTEST, 43, "a known-answer test failed")                                                               \
    X(CRYPTO_TAG, 44, "an authentication tag is wrong")                                                                \
    X(STORE_REPLAY, 48, "an older copy of the secure store was put back")                                              \
    X(SUIT_DIGEST, 60, "the manifest does not match its signed digest")                                                \
    X(SUIT_KEY_UNKNOWN, 61, "signed with a key that this device does not trust")                                       \
    X(SUIT_VENDOR, 62, "made for another vendor")                                                                      \
    X(SUIT_CLASS, 63, "made for another product class")                                                                \
    X(SUIT_ROLLBACK, 64, "older than the installed version allows")                                                    \
    X(SUIT_COMPONENT, 65, "names a component that this device does not have")                                          \
    X(SUIT_COMMAND, 66, "a command that is not allowed there")                                                         \
    X(SUIT_IMAGE_MISMATCH, 67, "the image does not match its digest")                                                  \
    X(SUIT_PAYLOAD_MISMATCH, 68, "the payload does not match its digest")                                              \
    X(SUIT_DEPENDENCY, 69, "the key block belongs to another package")                                                 \
    X(SUIT_RECIPIENT, 70, "the key block is for another device")                                                       \
    X(SUIT_BLOCK_SIGNATURE, 71, "the key block's signature is wrong")                                                  \
    X(SUIT_BLOCK_KEY, 72, "the key block is signed with a key that this device does not trust")                        \
    X(SUIT_NO_BLOCK, 73, "there is no key block")                                                                      \
    X(SUIT_SIZE, 74, "the image does not fit its slot")                                                                \
    X(SUIT_NO_PACKAGE, 75, "there is no package in the slot")                                                          \
    X(SUIT_ENTRY, 76, "the image has no sound vector table for its slot")                                              \
    X(SUIT_KEY_RETIRED, 77, "signed with a key that was retired")                                                      \
    X(SUIT_VERSION, 78, "needs another version of another component")                                                  \
    X(BOOT_APPLICATION_FAULT, 79, "the application crashed")                                                           \
    X(BOOT_NO_ANCHOR, 80, "no sound trust anchor in the boot flash")                                                   \
    X(BOOT_NO_SBM, 81, "no slot holds a Secure Boot Manager that verifies")                                            \
    X(BOOT_NO_IMAGE, 82, "no slot holds an application that may run")                                                  \
    X(BOOT_IMAGE_DAMAGED, 83, "the installed application was damaged")                                                 \
    X(BOOT_NOT_CONFIRMED, 84, "the new application was not confirmed in time")                                         \
    X(BOOT_SECURE_FAULT, 85, "the application touched secure memory")                                                  \
    X(BOOT_FAULT, 86, "a fault in the secure world")                                                                   \
    X(BOOT_NOT_PROVISIONED, 87, "a provisioned item is missing or damaged")                                            \
    X(BOOT_STATE_DAMAGED, 88, "the boot state is damaged")                                                             \
    X(BOOT_DECISION, 89, "a hardened decision did not agree with itself")                                              \
    X(POLICY_BAD, 90, "the policy is not valid")                                                                       \
    X(LIFECYCLE, 91, "not in this lifecycle state")                                                                    \
    X(BUSY, 92, "another operation is under way")                                                                      \
    X(BAD_STATE, 93, "not in this state of the update")                                                                \
    X(POINTER, 94, "the caller may not use that memory")                                                               \
    X(BOOT_SBM_NOT_CONFIRMED, 95, "the new Secure Boot Manager was not confirmed in time")                             \
    X(BOOT_WATCHDOG, 96, "the application did not feed the watchdog in time")                                          \
    X(RETIRE_LAST, 97, "the last key of its kind cannot be retired")                                                   \
    X(RETIRE_IN_USE, 98, "what is installed is signed with this key")                                                  \
    X(RETIRE_KEY, 99, "the command names a key that it cannot retire")                                                 \
    X(FRAME_CRC, 100, "a frame's check sum is wrong")                                                                  \
    X(FRAME_FORMAT, 101, "not a frame")                                                                                \
    X(MESSAGE, 102, "a message that is not understood")                                                                \
    X(GRANT_MISSING, 103, "no grant is stored")                                                                        \
    X(GRANT_TICKET, 104, "the ticket is signed with a wrong key")                                                      \
    X(GRANT_SIGNATURE, 105, "the grant is signed with a wrong key")                                                    \
    X(GRANT_CHIP, 106, "the grant is for another chip")                                                                \
    X(GRANT_UNIT, 107, "the grant is outside its ticket or block")                                                     \
    X(ANCHOR_MISMATCH, 108, "anchor page and policy differ")                                                           \
    X(CHANNEL_SUITE, 110, "secure channel: no cipher suite in common")                                                 \
    X(CHANNEL_PEER, 111, "secure channel: the other end refused")                                                      \
    X(CHANNEL_CREDENTIAL, 112, "secure channel: a credential that is not taken here")                                  \
    X(CHANNEL_EXPIRED, 113, "secure channel: the credential has expired")                                              \
    X(CHANNEL_ORDER, 114, "secure channel: not the next record of its direction")                                      \
    X(CHANNEL_SPENT, 115, "secure channel: its keys are used up")                                                      \
    X(ORDER_CHIP, 120, "an order for another device")                                                                  \
    X(ORDER_STALE, 121, "an order for another boot")                                                                   \
    X(ORDER_POLICY, 122, "the policy forbids it")

/* STATUS_OK is at least 8 bits away from 0, from all ones and from every error (errors have a clear top byte). */
typedef uint32_t status_t;
#define STATUS_OK ((status_t)0x3CA5965Au)
#define STATUS_ENUM_(name, number, text) STATUS_##name = (number),
enum { STATUS_LIST(STATUS_ENUM_) };

/* The text for people of any status, also of one that is not in the list. Never NULL. */
const char *status_text(status_t status);
/* The name, such as "SUIT_ROLLBACK"; "OK"; or "UNKNOWN". Never NULL. */
const char *status_name(status_t status);

#endif
