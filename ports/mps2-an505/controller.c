/* SPDX-License-Identifier: Apache-2.0 */
/* controller: see controller.h. */
#include "ports/mps2-an505/controller.h"

#include "ports/mps2-an505/regs.h"
#include "ports/mps2-an505/uart.h"
#include "wire/flashctl.h"

static status_t status_of(uint8_t answer)
{
    switch (answer) {
    case FLASHCTL_DONE:
        return STATUS_OK;
    case FLASHCTL_RANGE:
        return STATUS_FLASH_RANGE;
    case FLASHCTL_ALIGN:
        return STATUS_FLASH_ALIGN;
    case FLASHCTL_LOCKED:
        return STATUS_FLASH_LOCKED;
    case FLASHCTL_NOT_ERASED:
        return STATUS_FLASH_NOT_ERASED;
    case FLASHCTL_SEALED:
        return STATUS_FLASH_SEALED;
    case FLASHCTL_FUSE_DENIED:
        return STATUS_FUSE_DENIED;
    default:
        return STATUS_FLASH_IO;
    }
}

/* Set while a request is on the line. A fault that ends a call leaves it set: the controller would take the next
 * request for the rest of that one, and its answer might never come. */
static volatile uint32_t under_way;

status_t controller_call(const struct controller_request *request, uint8_t *answer, uint32_t answer_len)
{
    uint8_t head[FLASHCTL_REQUEST_LEN] = { request->op, 0 };
    struct uart_listening saved;
    bytes_write_le16(head + 2, request->length);
    bytes_write_le32(head + 4, request->address);
    if (under_way) {
        return STATUS_FLASH_IO;
    }
    under_way = 1;
    uart_listen_begin(UART_CONTROLLER, &saved);
    uart_send(UART_CONTROLLER, head, sizeof head);
    uart_send(UART_CONTROLLER, request->data.data, request->data.len);
    status_t status = status_of(uart_receive(UART_CONTROLLER));
    for (uint32_t i = 0; status == STATUS_OK && i < answer_len; i++) {
        answer[i] = uart_receive(UART_CONTROLLER);
    }
    uart_listen_end(UART_CONTROLLER, &saved);
    under_way = 0;
    return status;
}
