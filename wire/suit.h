/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suit: SUIT envelopes and manifests (draft-ietf-suit-manifest, -trust-domains, -update-management) in the profile of
 * docs/spec.md section 7. Parsing gives views into the input, checks every byte's syntax at once, and decides nothing.
 * Building is for hosts. build(parse(b)) == b for every b that parse accepts.
 */
#ifndef WIRE_SUIT_H
#define WIRE_SUIT_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define SUIT_COMPONENTS_MAX 4
#define SUIT_DIGEST_LEN 32
#define SUIT_MANIFEST_MAX 4096 /* bytes of an encoded manifest */
#define SUIT_COMMANDS_MAX 32   /* commands in one sequence */
#define SUIT_PAYLOADS_MAX 2    /* integrated payloads of an envelope */

#define SUIT_ALG_SHA256 (-16)

enum suit_command_code {
    SUIT_COND_VENDOR = 1,
    SUIT_COND_CLASS = 2,
    SUIT_COND_IMAGE_MATCH = 3,
    SUIT_COND_DEPENDENCY_INTEGRITY = 7,
    SUIT_DIR_PROCESS_DEPENDENCY = 11,
    SUIT_DIR_SET_COMPONENT_INDEX = 12,
    SUIT_DIR_OVERRIDE_PARAMETERS = 20,
    SUIT_DIR_FETCH = 21,
    SUIT_DIR_COPY = 22,
    SUIT_DIR_INVOKE = 23,
    SUIT_COND_VERSION = 28
};

/* Bits of suit_parameters.present: one for each parameter, by its number in the draft. */
#define SUIT_HAS(number) (1u << (number))
enum suit_parameter {
    SUIT_PARAM_VENDOR = 1,
    SUIT_PARAM_CLASS = 2,
    SUIT_PARAM_DIGEST = 3,
    SUIT_PARAM_SIZE = 14,
    SUIT_PARAM_ENCRYPTION_INFO = 19,
    SUIT_PARAM_URI = 21,
    SUIT_PARAM_SOURCE = 22,
    SUIT_PARAM_VERSION = 28
};
#define SUIT_VERSION_AT_LEAST 2 /* the one comparison that the profile knows: greater or equal */

/* The parameters that one override-parameters directive sets, or that a component has gathered. */
struct suit_parameters {
    uint32_t present;
    struct bytes vendor;   /* 16 */
    struct bytes class_id; /* 16 */
    struct bytes digest;   /* 32, SHA-256 */
    uint64_t size;
    struct bytes encryption_info; /* encoded COSE_Encrypt, tag 96: cose_encrypt_parse */
    struct bytes uri;             /* text */
    uint64_t source;              /* component index */
    uint64_t version;             /* the component must have at least this one */
};

struct suit_command {
    int64_t code;                      /* enum suit_command_code */
    uint64_t argument;                 /* component index, or report policy (0..15) */
    struct suit_parameters parameters; /* for override-parameters */
};

/* Sequences the profile knows. Each is the content of its byte string; data == NULL when absent. */
struct suit_manifest {
    uint64_t sequence;
    size_t component_count;
    struct bytes components[SUIT_COMPONENTS_MAX]; /* the single segment of each identifier, such as "app" */
    int has_dependency;                           /* 1: component index dependency_index is a dependency */
    uint64_t dependency_index;                    /* equals component_count */
    struct bytes dependency_prefix;               /* the single segment of the prefix */
    struct bytes component_id;                    /* the single segment of key 5; data == NULL when absent */
    struct bytes shared;
    struct bytes validate;
    struct bytes invoke;
    struct bytes install;
};

struct suit_payload {
    struct bytes key; /* text */
    struct bytes data;
};

struct suit_envelope {
    struct bytes encoded;       /* the whole envelope, tag included */
    struct bytes digest;        /* 32: SHA-256 that the wrapper states for the manifest */
    struct bytes digest_item;   /* the encoded SUIT_Digest: the detached payload of the signature */
    struct bytes sign1;         /* encoded COSE_Sign1, tag 18: cose_sign1_parse */
    struct bytes manifest_item; /* the manifest with its byte string head: what the digest covers */
    struct bytes manifest;      /* its content */
    size_t payload_count;
    union {
        struct suit_payload
            payloads[SUIT_PAYLOADS_MAX]; /* in the order of their keys; those that are not there: zero */
        struct {
            struct bytes payload_key; /* the first one, by other names; data == NULL when there is none */
            struct bytes payload;
        };
    };
};

/*
 * Parses one envelope at the start of `in`. Exactly one signature. `out->encoded.len` says how long it is: what follows
 * it is not looked at. Errors: TRUNCATED, WRONG_TYPE, NOT_CANONICAL, DUPLICATE, UNKNOWN_FIELD, MISSING_FIELD,
 * UNSUPPORTED, TOO_MANY, TOO_LONG. On error *out is all zero. Source: draft-ietf-suit-manifest section 8.3.
 */
status_t suit_envelope_parse(struct bytes in, struct suit_envelope *out);

/* Writes a parsed envelope without its payloads: the map has wrapper and manifest only, and the signature still holds
 * (severable members, section 5.4). NO_SPACE in `out`. */
void suit_envelope_sever(const struct suit_envelope *envelope, struct cbor_writer *out);

/*
 * Parses a manifest (content of key 3) with all its sequences: every command known and well formed, every component
 * index in range. Errors as above; SUIT_COMPONENT for an index out of range; SUIT_COMMAND for a command that its
 * sequence may not hold (section 7 of docs/spec.md: shared may hold 12, 20, 1, 2, 28; validate 12, 20, 3; invoke 12,
 * 23; install 12, 20, 21, 22, 3, 7, 11). On error *out is all zero.
 */
status_t suit_manifest_parse(struct bytes in, struct suit_manifest *out);

/* A sequence being walked. The sequence must be one that suit_manifest_parse accepted. */
struct suit_walk {
    struct cbor_reader reader;
    uint64_t left;
};
struct suit_walk suit_walk_of(struct bytes sequence);
/* 1 and the next command, or 0 at the end; walk->reader.status tells an error. */
int suit_walk_next(struct suit_walk *walk, struct suit_command *out);

/* ---- building (suit_build.c, not linked into firmware) ---- */

/*
 * What an application or SBM package says. Digests are 32 bytes, identifiers 16. An application has an image and its
 * ciphertext; an SBM has the image for slot A and the one for slot B.
 */
struct suit_package_spec {
    uint64_t sequence;
    struct bytes vendor;
    struct bytes class_id;
    const char *component; /* "app" or "sbm" */
    struct bytes image_digest;
    uint64_t image_size;
    struct bytes encrypted_digest; /* of the ciphertext; data == NULL: not encrypted (section 7.2) */
    struct bytes second_digest;    /* of the image for slot B (section 7.2) */
    uint64_t second_size;
    uint64_t needs_version; /* of the other component, SBM or application, that must be there; 0: any */
};
/* Writes the manifest (content, without byte string head). NO_SPACE, BAD_ARGUMENT. */
status_t suit_package_manifest_build(const struct suit_package_spec *spec, struct cbor_writer *out);

struct suit_block_spec {
    uint64_t sequence;
    struct bytes encryption_info; /* encoded COSE_Encrypt */
    struct bytes package_digest;  /* manifest digest of the package */
    uint64_t package_size;        /* length of the package's envelope, payload included */
};
status_t suit_block_manifest_build(const struct suit_block_spec *spec, struct cbor_writer *out);

/*
 * Writes an envelope around `manifest` (content). `digest` is the SHA-256 over the manifest with its byte string head;
 * `sign1` the encoded COSE_Sign1 over the encoded SUIT_Digest. `payload_count` integrated payloads are to follow, in
 * the order of their keys: each with suit_payload_head_build, then its bytes.
 */
status_t suit_envelope_start(struct bytes manifest, struct bytes digest, struct bytes sign1, size_t payload_count,
                             struct cbor_writer *out);
/* Writes key and head of an integrated payload of `len` bytes, which the caller appends. */
status_t suit_payload_head_build(const char *key, uint64_t len, struct cbor_writer *out);
/* Writes the encoded SUIT_Digest [-16, digest]: what is signed. */
void suit_digest_build(struct bytes digest, struct cbor_writer *out);
/* Writes a parsed envelope or manifest again; for build(parse(b)) == b. The envelope with its payloads. */
status_t suit_envelope_rebuild(const struct suit_envelope *envelope, struct cbor_writer *out);
status_t suit_manifest_rebuild(const struct suit_manifest *manifest, struct cbor_writer *out);

#endif
