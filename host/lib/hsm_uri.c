/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_uri: see hsm_uri.h. */
#include "host/lib/hsm_uri.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define URI_SCHEME "pkcs11:"
#define URI_VALUE_MAX 32

static int uri_fault(struct fault *fault, const char *text, const char *why)
{
    (void)fault_set(fault, "token URI '%.200s': %s", text, why);
    return fault_hint(fault, "a token is named like \"pkcs11:token=windlass-oem\" (RFC 7512)");
}

static int uri_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* unreserved and pk11-res-avail of RFC 7512 section 2.3, with "&" as in pk11-pchar. */
static int uri_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~:[]@!$'()*+,=&", c) != NULL);
}

/* Decodes [value, value + len) into `out`, which holds `max` characters and a NUL. Gives NULL or what is wrong. */
static const char *uri_decode(const char *value, size_t len, char *out, size_t max)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)value[i];
        if (c == '%') {
            int high = len - i > 2 ? uri_hex(value[i + 1]) : -1;
            int low = high >= 0 ? uri_hex(value[i + 2]) : -1;
            if (low < 0) {
                return "'%' is not followed by two hexadecimal digits";
            }
            c = high * 16 + low;
            i += 2;
            if (c == 0) {
                return "a value may not hold a zero byte";
            }
        } else if (!uri_plain(value[i])) {
            return "a character must be percent-encoded, such as a space as %20";
        }
        if (used == max) {
            return "a value is longer than tokens can have it";
        }
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return used == 0 ? "a value is empty" : NULL;
}

static const char *uri_slot_id(const char *value, size_t len, struct hsm_uri *out)
{
    char digits[URI_VALUE_MAX + 1];
    const char *wrong = uri_decode(value, len, digits, URI_VALUE_MAX);
    if (wrong != NULL || strspn(digits, "0123456789") != strlen(digits)) {
        return wrong != NULL ? wrong : "slot-id must be a decimal number";
    }
    if (out->has_slot_id) {
        return "slot-id stands twice";
    }
    errno = 0;
    out->slot_id = strtoul(digits, NULL, 10);
    out->has_slot_id = 1;
    return errno != 0 ? "slot-id is too large" : NULL;
}

static int uri_is(const char *name, size_t len, const char *known)
{
    return strlen(known) == len && memcmp(name, known, len) == 0;
}

static const char *uri_attribute_unknown(const char *name, size_t len)
{
    static const char *const objects[] = { "object", "type", "id" };
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        if (uri_is(name, len, objects[i])) {
            return "object, type and id name a key, but here a token is named";
        }
    }
    return "an unknown attribute (known: token, manufacturer, model, serial, slot-id)";
}

static const char *uri_attribute(const char *name, size_t len, struct hsm_uri *out)
{
    const struct {
        const char *name;
        char *value;
        size_t max;
    } fields[] = {
        { "token", out->token, sizeof out->token - 1 },
        { "manufacturer", out->manufacturer, sizeof out->manufacturer - 1 },
        { "model", out->model, sizeof out->model - 1 },
        { "serial", out->serial, sizeof out->serial - 1 },
    };
    const char *equals = (const char *)memchr(name, '=', len);
    if (equals == NULL) {
        return "an attribute has no '='";
    }
    size_t name_len = (size_t)(equals - name);
    size_t value_len = len - name_len - 1;
    if (uri_is(name, name_len, "slot-id")) {
        return uri_slot_id(equals + 1, value_len, out);
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (uri_is(name, name_len, fields[i].name)) {
            return fields[i].value[0] != '\0' ? "an attribute stands twice"
                                              : uri_decode(equals + 1, value_len, fields[i].value, fields[i].max);
        }
    }
    return uri_attribute_unknown(name, name_len);
}

int hsm_uri_parse(const char *text, struct hsm_uri *out, struct fault *fault)
{
    memset(out, 0, sizeof *out);
    if (strncmp(text, URI_SCHEME, strlen(URI_SCHEME)) != 0) {
        return uri_fault(fault, text, "does not begin with 'pkcs11:'");
    }
    /* Nothing of a query is shown: it may carry a PIN. */
    if (strchr(text, '?') != NULL) {
        (void)fault_set(fault, "token URI: a query (after '?') is not taken");
        return fault_hint(fault, "give the PIN in pin_file, never in the URI");
    }
    const char *at = text + strlen(URI_SCHEME);
    for (;;) {
        size_t len = strcspn(at, ";");
        const char *wrong = uri_attribute(at, len, out);
        if (wrong != NULL) {
            memset(out, 0, sizeof *out);
            return uri_fault(fault, text, wrong);
        }
        if (at[len] == '\0') {
            return 0;
        }
        at += len + 1;
    }
}
