/* SPDX-License-Identifier: Apache-2.0 */
/* json_ok: exit 0 when the standard input is one JSON text (RFC 8259) and nothing else. */
#include <jansson.h>
#include <stdio.h>

int main(void)
{
    json_error_t error;
    json_t *value = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        (void)fprintf(stderr, "not JSON: line %d: %s\n", error.line, error.text);
        return 1;
    }
    json_decref(value);
    return 0;
}
