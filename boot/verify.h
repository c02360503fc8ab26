/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: is this package what the maker signed for this device? The same code decides on the chip and, before anything
 * is shipped, on the host. It gives reasons; it grants nothing (boot/gate does).
 */
#ifndef BOOT_VERIFY_H
#define BOOT_VERIFY_H

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/crypto.h"
#include "wire/cose.h"
#include "wire/suit.h"

/* Keys that a signature may come from. */
struct verify_keys {
    struct bytes keys; /* 64 each, at most POLICY_KEYS_MAX */
    uint32_t retired;  /* bit i: key i is not taken any more */
};

/* What a package is for: the application, or the SBM of slot A or B. */
enum verify_target { VERIFY_APP, VERIFY_SBM_A, VERIFY_SBM_B };
#define VERIFY_ANY_VERSION UINT64_MAX

struct verify_trust {
    struct verify_keys keys; /* the OEM's firmware keys */
    struct bytes vendor;     /* 16 */
    struct bytes class_id;   /* 16 */
    enum verify_target target;
    uint64_t least_sequence; /* no lower one is accepted */
    uint64_t other_version; /* confirmed version of the other component (SBM for an application, and the reverse), which
                             * the package may demand; VERIFY_ANY_VERSION: not decided here */
};

/* A package that verified: views into the input. `signature` is what its check said: evidence for the gate. It
 * covers envelope.digest; that the manifest has this digest is a second piece of evidence. */
struct package {
    status_t signature;
    uint8_t manifest_digest[CRYPTO_SHA256_LEN]; /* of the manifest as it lies: evidence for the gate, too */
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    struct suit_parameters image;   /* of the component that is meant: digest and size of what runs */
    struct suit_parameters payload; /* of what arrives for it: the encrypted image of an application, else the same */
    unsigned payload_index;         /* integrated payload of the envelope that holds it */
    size_t encoded_len;             /* of the whole envelope, payloads included */
};

/* The identifier of a public key: first 8 bytes of SHA-256 over its 64 bytes. */
void verify_key_id(struct bytes key, uint8_t kid[COSE_KID_LEN]);

/* The key that `kid` names. SUIT_KEY_UNKNOWN; SUIT_KEY_RETIRED. */
status_t verify_key_find(const struct verify_keys *keys, struct bytes kid, const uint8_t **key);
/* Checks an envelope's digest and signature; nothing of its manifest is looked into. SUIT_DIGEST, SUIT_KEY_UNKNOWN,
 * SUIT_KEY_RETIRED, CRYPTO_SIGNATURE, or what cose_sign1_parse says. */
status_t verify_envelope(const struct suit_envelope *envelope, const struct verify_keys *keys);

/*
 * Parses and checks the package at the start of `in`, in this order: syntax of the envelope, digest and signature of
 * the manifest, syntax of the manifest, components, vendor, class, version of the other component (SUIT_VERSION),
 * sequence (SUIT_ROLLBACK; at most UINT32_MAX: BAD_ARGUMENT). The image itself is not looked at. On error *out is not
 * to be used, but out->manifest.sequence is set when the signature was right.
 */
status_t verify_package(struct bytes in, const struct verify_trust *trust, struct package *out);
/* Checks the integrated payload: present, of the size and digest that the manifest states. SUIT_PAYLOAD_MISMATCH,
 * TRUNCATED. */
status_t verify_payload(const struct package *package);
/* HARD: checks `image` against the package's image size and digest. SUIT_IMAGE_MISMATCH. `digest` is what was computed:
 * evidence for the gate. */
status_t verify_image(const struct package *package, struct bytes image, uint8_t digest[CRYPTO_SHA256_LEN]);

#endif
