/* SPDX-License-Identifier: Apache-2.0 */
/* inspect: master_inspect: what packages, key blocks, update files, commands and production packages say, gathered as
 * one JSON value and shown as that or as text. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "host/lib/block.h"
#include "host/lib/p256.h"
#include "host/lib/text.h"
#include "host/master/master.h"
#include "wire/command.h"
#include "wire/cose.h"
#include "wire/production.h"

static json_t *hex_value(struct bytes b)
{
    char text[2 * 64 + 1] = { 0 };
    text_hex(b.data, b.len < 64 ? b.len : 64, text);
    return json_string(text);
}

static json_t *uuid_value(struct bytes b)
{
    char text[40] = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < b.len && i < 16; i++) {
        int dash = i == 4 || i == 6 || i == 8 || i == 10;
        n += (size_t)snprintf(text + n, sizeof text - n, dash ? "-%02x" : "%02x", b.data[i]);
    }
    return json_string(text);
}

/* Names are bytes of the file: what is not printable ASCII is shown as '?'. */
static json_t *name_value(struct bytes b)
{
    char text[80] = { 0 };
    for (size_t i = 0; i < b.len && i < sizeof text - 1; i++) {
        text[i] = b.data[i] >= 0x20 && b.data[i] < 0x7F ? (char)b.data[i] : '?';
    }
    return json_string(text);
}

static json_t *number_value(uint64_t v)
{
    return json_integer((json_int_t)(v > INT64_MAX ? INT64_MAX : v));
}

static void put(json_t *to, const char *name, json_t *value)
{
    (void)json_object_set_new(to, name, value);
}

static void signer_put(json_t *to, const struct suit_envelope *envelope)
{
    struct cose_sign1 sign1;
    if (cose_sign1_parse(envelope->sign1, &sign1) == STATUS_OK && sign1.kid.data != NULL) {
        put(to, "signer", hex_value(sign1.kid));
    } else {
        put(to, "signer", json_null());
    }
}

/* Parameters of one component, as the shared sequence sets them. */
static void parameters_put(json_t *to, const char *prefix, const struct suit_parameters *p)
{
    char name[32];
    if (p->vendor.data != NULL) {
        put(to, "vendor", uuid_value(p->vendor));
    }
    if (p->class_id.data != NULL) {
        put(to, "class", uuid_value(p->class_id));
    }
    if ((p->present & SUIT_HAS(SUIT_PARAM_SIZE)) != 0) {
        (void)snprintf(name, sizeof name, "%s_size", prefix);
        put(to, name, number_value(p->size));
    }
    if (p->digest.data != NULL) {
        (void)snprintf(name, sizeof name, "%s_digest", prefix);
        put(to, name, hex_value(p->digest));
    }
}

/* The least version of another component: as --needs takes it. */
static void needs_put(json_t *to, const struct suit_manifest *manifest, uint64_t component,
                      const struct suit_parameters *p)
{
    if ((p->present & SUIT_HAS(SUIT_PARAM_VERSION)) != 0 && component < manifest->component_count) {
        json_t *name = name_value(manifest->components[component]);
        put(to, "needs", json_sprintf("%s:%" PRIu64, json_string_value(name), p->version));
        json_decref(name);
    }
}

static int is_sbm(const struct suit_manifest *manifest)
{
    return bytes_equal(manifest->components[0], bytes_of("sbm.a", 5));
}

static void shared_put(json_t *to, const struct suit_manifest *manifest)
{
    static const char *const app_names[] = { "image", "encrypted" };
    static const char *const sbm_names[] = { "slot_a", "slot_b" };
    const char *const *names = is_sbm(manifest) ? sbm_names : app_names;
    struct suit_walk walk = suit_walk_of(manifest->shared);
    struct suit_command command;
    uint64_t component = 0;
    while (suit_walk_next(&walk, &command)) {
        if (command.code == SUIT_DIR_SET_COMPONENT_INDEX) {
            component = command.argument;
        } else if (command.code == SUIT_DIR_OVERRIDE_PARAMETERS && component < 2) {
            parameters_put(to, names[component], &command.parameters);
        } else if (command.code == SUIT_DIR_OVERRIDE_PARAMETERS) {
            needs_put(to, manifest, component, &command.parameters);
        }
    }
}

static json_t *payload_value(const struct suit_envelope *envelope, size_t index)
{
    return index < envelope->payload_count ? number_value(envelope->payloads[index].data.len) : json_null();
}

static json_t *package_value(struct bytes in, struct fault *fault)
{
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    struct block_package facts;
    if (block_package_read(in, &facts, fault) != 0 || suit_envelope_parse(in, &envelope) != STATUS_OK ||
        suit_manifest_parse(envelope.manifest, &manifest) != STATUS_OK) {
        return NULL;
    }
    json_t *v = json_object();
    put(v, "type", json_string("package"));
    put(v, "sequence", number_value(manifest.sequence));
    put(v, "component", is_sbm(&manifest) ? json_string("sbm") : name_value(manifest.components[0]));
    shared_put(v, &manifest);
    put(v, "manifest_digest", hex_value(envelope.digest));
    put(v, "payload_size", payload_value(&envelope, 0));
    if (envelope.payload_count > 1) {
        put(v, "payload_b_size", payload_value(&envelope, 1));
    }
    put(v, "size", number_value(in.len));
    signer_put(v, &envelope);
    return v;
}

static json_t *block_value(struct bytes in, struct fault *fault)
{
    struct block_facts facts;
    if (block_read(in, &facts, fault) != 0) {
        return NULL;
    }
    json_t *v = json_object();
    put(v, "type", json_string("key block"));
    put(v, "sequence", number_value(facts.package.sequence));
    put(v, "package_digest", hex_value(bytes_of(facts.package.manifest_digest, 32)));
    put(v, "package_size", number_value(facts.package.envelope_len));
    put(v, "recipient", hex_value(facts.encryption.kid));
    put(v, "size", number_value(in.len));
    signer_put(v, &facts.envelope);
    return v;
}

/* A command of the maker; NULL when it is none. */
static json_t *command_value(struct bytes in)
{
    struct cose_sign1 sign1;
    struct command command;
    if (cose_sign1_parse(in, &sign1) != STATUS_OK || sign1.payload.data == NULL ||
        command_parse(sign1.payload, &command) != STATUS_OK) {
        return NULL;
    }
    json_t *v = json_object();
    put(v, "type", json_string("command"));
    put(v, "order", json_string("retire a key"));
    put(v, "keys", json_string(command.set == COMMAND_FIRMWARE_KEYS ? "firmware" : "mastering"));
    put(v, "key", hex_value(command.kid));
    put(v, "vendor", uuid_value(command.vendor));
    put(v, "class", uuid_value(command.class_id));
    put(v, "size", number_value(in.len));
    put(v, "signer", sign1.kid.data != NULL ? hex_value(sign1.kid) : json_null());
    return v;
}

static json_t *time_value(uint64_t seconds)
{
    char text[32];
    struct tm tm;
    time_t when = (time_t)seconds;
    return gmtime_r(&when, &tm) != NULL && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) != 0
               ? json_string(text)
               : number_value(seconds);
}

/* The terms of a production package, which anybody may read; NULL when it is none. */
static json_t *production_value(struct bytes in)
{
    struct cose_sign1 sign1;
    struct production terms;
    uint8_t digest[32];
    if (in.len > PRODUCTION_MAX || cose_sign1_parse(in, &sign1) != STATUS_OK || sign1.payload.data == NULL ||
        production_parse(sign1.payload, &terms) != STATUS_OK) {
        return NULL;
    }
    p256_sha256(in, digest);
    json_t *v = json_object();
    put(v, "type", json_string("production package"));
    put(v, "number", number_value(terms.number));
    put(v, "quota", number_value(terms.quota));
    put(v, "block", number_value(terms.block));
    put(v, "tpm", json_boolean(terms.tpm != 0));
    put(v, "not_before", time_value(terms.not_before));
    put(v, "not_after", time_value(terms.not_after));
    put(v, "recipient", hex_value(terms.recipient));
    put(v, "issuing", hex_value(terms.issuing));
    put(v, "vendor", uuid_value(terms.vendor));
    put(v, "class", uuid_value(terms.class_id));
    put(v, "size", number_value(in.len));
    put(v, "digest", hex_value(bytes_of(digest, sizeof digest)));
    put(v, "signer", sign1.kid.data != NULL ? hex_value(sign1.kid) : json_null());
    return v;
}

/* An envelope that names a dependency is a key block. What follows the first envelope must be the package of an update.
 */
static json_t *file_value(struct bytes in, struct fault *fault)
{
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    json_t *command = command_value(in);
    json_t *production = command == NULL ? production_value(in) : NULL;
    if (command != NULL || production != NULL) {
        return command != NULL ? command : production;
    }
    status_t status = suit_envelope_parse(in, &envelope);
    if (status == STATUS_OK) {
        status = suit_manifest_parse(envelope.manifest, &manifest);
    }
    if (status != STATUS_OK) {
        (void)fault_set(fault, "not a package, key block, update, command or production package: %s",
                        status_text(status));
        return NULL;
    }
    if (!manifest.has_dependency) {
        return package_value(in, fault);
    }
    if (envelope.encoded.len == in.len) {
        return block_value(in, fault);
    }
    json_t *block = block_value(envelope.encoded, fault);
    json_t *package = package_value(bytes_of(in.data + envelope.encoded.len, in.len - envelope.encoded.len), fault);
    if (block == NULL || package == NULL) {
        json_decref(block);
        json_decref(package);
        return NULL;
    }
    json_t *v = json_object();
    put(v, "type", json_string("update"));
    put(v, "together",
        json_boolean(
            json_equal(json_object_get(block, "package_digest"), json_object_get(package, "manifest_digest"))));
    put(v, "block", block);
    put(v, "package", package);
    return v;
}

static void text_print(const json_t *object, int indent, FILE *out)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (json_is_object(value)) {
            (void)fprintf(out, "%*s%s\n", indent, "", name);
            text_print(value, indent + 2, out);
            continue;
        }
        (void)fprintf(out, "%*s%-*s", indent, "", 20 - indent, name);
        if (json_is_integer(value)) {
            (void)fprintf(out, "%" PRId64 "\n", (int64_t)json_integer_value(value));
        } else if (json_is_string(value)) {
            (void)fprintf(out, "%s\n", json_string_value(value));
        } else {
            (void)fprintf(out, "%s\n", json_is_true(value) ? "yes" : json_is_null(value) ? "none" : "no");
        }
    }
}

int master_inspect(const char *path, int json, FILE *out, struct fault *fault)
{
    struct file_map map;
    struct fault detail = FAULT_NONE;
    if (file_map_open(path, &map, fault) != 0) {
        return -1;
    }
    json_t *v = file_value(map.bytes, &detail);
    if (v == NULL) {
        (void)fault_set(fault, "%s: %s", path, detail.what);
    } else if (json) {
        (void)json_dumpf(v, out, JSON_INDENT(2));
        (void)fputc('\n', out);
    } else {
        text_print(v, 0, out);
    }
    int result = v == NULL ? -1 : 0;
    json_decref(v);
    file_map_close(&map);
    return result == 0 && (fflush(out) != 0 || ferror(out)) ? fault_errno(fault, "cannot write the output") : result;
}
