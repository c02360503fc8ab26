/* SPDX-License-Identifier: Apache-2.0 */
/* suit_keys: map keys and tags of envelope, manifest and common (draft-ietf-suit-manifest, -trust-domains). Internal to
 * wire/. */
#ifndef WIRE_SUIT_KEYS_H
#define WIRE_SUIT_KEYS_H

#define SUIT_TAG_ENVELOPE 107
#define SUIT_NAME_MAX 64u   /* bytes of an identifier's segment or of a URI */
#define SUIT_REPORT_MAX 15u /* report policy: four bits */

enum suit_key {
    SUIT_KEY_WRAPPER = 2,
    SUIT_KEY_MANIFEST = 3,
    SUIT_KEY_VERSION = 1,
    SUIT_KEY_SEQUENCE = 2,
    SUIT_KEY_COMMON = 3,
    SUIT_KEY_COMPONENT_ID = 5,
    SUIT_KEY_VALIDATE = 7,
    SUIT_KEY_INVOKE = 9,
    SUIT_KEY_INSTALL = 20,
    SUIT_KEY_DEPENDENCIES = 1,
    SUIT_KEY_COMPONENTS = 2,
    SUIT_KEY_SHARED = 4
};

#endif
