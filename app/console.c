/* SPDX-License-Identifier: Apache-2.0 */
/* console: see console.h. What is typed is obeyed by command.c. */
#include "app/console.h"

#include <string.h>

#include "app/app.h"
#include "app/line.h"
#include "app/text.h"
#include "psa/update.h"

static struct {
    struct line line;
    enum console_wish wish;
    uint32_t next; /* of the list */
    size_t out_len;
    size_t out_sent;
    uint8_t out[CONSOLE_OUT_MAX];
} console;

static void byte_put(char byte)
{
    if (console.out_len == CONSOLE_OUT_MAX) {
        app_uart_send(APP_UART_CONSOLE, console.out + console.out_sent, console.out_len - console.out_sent);
        console.out_len = console.out_sent = 0;
    }
    console.out[console.out_len++] = (uint8_t)byte;
}

void console_put(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            byte_put('\r');
        }
        byte_put(*text);
    }
}

void console_put_number(uint64_t number)
{
    char room[TEXT_NUMBER_MAX];
    console_put(text_number(number, room));
}

void console_put_hex(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char digits[3] = { 0 };
        text_hex(data[i], digits);
        console_put(digits);
    }
}

static void prompt_put(void)
{
    console_put("> ");
}

/* Gives the line without spaces around it. */
static const char *trimmed(struct line *line)
{
    while (line->len > 0 && line->text[line->len - 1] == ' ') {
        line->text[--line->len] = '\0';
    }
    return line->text + strspn(line->text, " ");
}

static void line_run(void)
{
    const char *text = trimmed(&console.line);
    if (*text != '\0') {
        console.wish = console_command_run(text);
        console.next = 0;
    }
}

static void byte_run(uint8_t byte)
{
    const char echo[2] = { (char)byte, '\0' };
    enum line_event event = line_take(&console.line, byte);
    switch (event) {
    case LINE_ADDED:
        console_put(echo);
        return;
    case LINE_RUBBED:
        console_put("\b \b");
        return;
    case LINE_CLEARED:
        console_put("\n");
        break;
    case LINE_DONE:
        console_put("\n");
        line_run();
        break;
    case LINE_LONG:
        console_put("\nrefused: a line has at most ");
        console_put_number(LINE_TEXT_MAX);
        console_put(" characters\n");
        break;
    case LINE_STRANGE:
        console_put("\nrefused: the line held a character that is not printable ASCII\n");
        break;
    default:
        return;
    }
    if (console.wish == CONSOLE_NOTHING) {
        prompt_put();
    }
}

/* What the UART takes now, and no more. */
static void out_step(void)
{
    while (console.out_sent < console.out_len && app_uart_put(APP_UART_CONSOLE, console.out[console.out_sent])) {
        console.out_sent++;
    }
    if (console.out_sent == console.out_len) {
        console.out_len = console.out_sent = 0;
    }
}

static void wish_step(void)
{
    if (console.wish == CONSOLE_RESET) {
        app_uart_drain(APP_UART_CONSOLE);
        (void)psa_fwu_request_reboot();
        console_put("the device did not reset\n");
        console.wish = CONSOLE_NOTHING;
    } else if (!console_list_next(console.next++)) {
        console.wish = CONSOLE_NOTHING;
    }
    if (console.wish == CONSOLE_NOTHING) {
        prompt_put();
    }
}

void app_console_open(void)
{
    memset(&console, 0, sizeof console);
    app_uart_listen(APP_UART_CONSOLE);
    console_put("[app] console: 'help' lists the commands\n");
    prompt_put();
}

int app_console_step(void)
{
    uint8_t byte;
    if (console.out_len != 0) {
        out_step();
        return 1;
    }
    if (console.wish != CONSOLE_NOTHING) {
        wish_step();
        return 1;
    }
    if (!app_uart_take(APP_UART_CONSOLE, &byte)) {
        return 0;
    }
    byte_run(byte);
    return 1;
}

void app_console_say(const char *who, const char *what)
{
    int is_typing = console.wish == CONSOLE_NOTHING;
    console_put(is_typing ? "\n" : "");
    console_put(who);
    console_put(what);
    console_put("\n");
    if (is_typing) {
        prompt_put();
        console_put(console.line.end == LINE_NOTHING ? "" : console.line.text);
    }
}
