/* SPDX-License-Identifier: Apache-2.0 */
/* status: names and texts of the list in status.h. */
#include "base/status.h"

#define TEXT_CASE_(name, number, text)                                                                                 \
    case (number):                                                                                                     \
        return text;
#define NAME_CASE_(name, number, text)                                                                                 \
    case (number):                                                                                                     \
        return #name;

const char *status_text(status_t status)
{
    switch (status) {
    case STATUS_OK:
        return "done";
        STATUS_LIST(TEXT_CASE_)
    default:
        return "unknown status";
    }
}

const char *status_name(status_t status)
{
    switch (status) {
    case STATUS_OK:
        return "OK";
        STATUS_LIST(NAME_CASE_)
    default:
        return "UNKNOWN";
    }
}
