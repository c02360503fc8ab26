/* SPDX-License-Identifier: Apache-2.0 */
/* chip_bench: see chip_bench.h. The chip, its files, its firmware. */
#include "tests/system/chip_bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#define PATIENCE_MS 10000
#define DEEP "a-folder-deep-in-a-project-whose-names-are-long-enough/so-that-no-socket-could-be-bound-by-its-path"

static char room[512];
static char dir[700];
static char answer[CHIP_ANSWER_MAX];
static int link_fd = -1;

static void nap(void)
{
    const struct timespec t = { 0, 10000000 };
    (void)nanosleep(&t, NULL);
}

const char *bench_dir(void)
{
    return dir;
}

static void file_access(const char *name, uint32_t off, void *data, size_t len, bool write_it)
{
    char path[800];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, write_it ? O_WRONLY : O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = write_it ? pwrite(fd, data, len, (off_t)off) : pread(fd, data, len, (off_t)off);
    (void)close(fd);
    assert_int_equal(n, len);
}

void bench_flash_read(uint32_t off, void *out, size_t len)
{
    file_access("flash.bin", off, out, len, false);
}

void bench_flash_write(uint32_t off, const void *data, size_t len)
{
    uint8_t copy[4096];
    assert_true(len <= sizeof copy);
    memcpy(copy, data, len);
    file_access("flash.bin", off, copy, len, true);
}

uint32_t bench_fuse_read(uint32_t word)
{
    uint8_t bytes[4];
    file_access("fuses.bin", 4 * word, bytes, 4, false);
    return bytes_read_le32(bytes);
}

void bench_fuse_write(uint32_t word, uint32_t value)
{
    uint8_t bytes[4];
    bytes_write_le32(bytes, value);
    file_access("fuses.bin", 4 * word, bytes, 4, true);
}

int bench_setup_blank(void **state)
{
    char middle[700];
    const char *out;
    (void)state;
    (void)snprintf(room, sizeof room, "%s/chip-XXXXXX", WINDLASS_BUILD_DIR);
    if (mkdtemp(room) == NULL) {
        return -1;
    }
    (void)snprintf(middle, sizeof middle, "%s/%s", room, DEEP);
    *strrchr(middle, '/') = '\0';
    (void)snprintf(dir, sizeof dir, "%s/%s", room, DEEP);
    if (mkdir(middle, 0700) != 0) {
        return -1;
    }
    const char *const arguments[] = { "chip", "new", dir, "--uid", "aa0102030405060708090a0b0c0d0e0f", NULL };
    return windlass_run(arguments, &out);
}

int bench_setup(void **state)
{
    uint8_t data[4096];
    int result = bench_setup_blank(state);
    int fd = open(CHIP_FW ".bin", O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof data);
    if (result != 0 || n <= 0) {
        return -1;
    }
    (void)close(fd);
    bench_flash_write(0, data, (size_t)n);
    return 0;
}

static int names_remove(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        (void)unlinkat(dirfd(d), entry->d_name, 0);
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    return rmdir(path);
}

int bench_teardown(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    fw_disconnect();
    if (chip_is_running(dir, &fault) == 1 && chip_control(dir, "cut", answer, &fault) != 0) {
        return -1;
    }
    int result = names_remove(dir);
    *strrchr(dir, '/') = '\0';
    return result | rmdir(dir) | rmdir(room);
}

struct owner_report bench_start_with(const struct owner_options *options)
{
    struct owner_report report;
    struct fault fault = FAULT_NONE;
    if (chip_start(dir, options, &report, &fault) != 0) {
        fail_msg("the chip does not start: %s", fault.what);
    }
    return report;
}

void bench_start(void)
{
    const struct owner_options options = { .halted = false };
    (void)bench_start_with(&options);
    fw_connect();
    fw_echo('!');
}

const char *bench_control(const char *line)
{
    struct fault fault = FAULT_NONE;
    if (chip_control(dir, line, answer, &fault) != 0) {
        fail_msg("%s: %s", line, fault.what);
    }
    return answer;
}

long bench_status(const char *field)
{
    json_t *object = json_loads(bench_control("status"), 0, NULL);
    assert_non_null(object);
    json_t *value = json_object_get(object, field);
    long number =
        json_is_boolean(value) ? json_is_true(value) : (json_is_integer(value) ? json_integer_value(value) : -1);
    json_decref(object);
    return number;
}

const char *bench_state(void)
{
    static char state[32];
    struct fault fault = FAULT_NONE;
    if (chip_is_running(dir, &fault) != 1 || chip_control(dir, "status", answer, &fault) != 0) {
        return "off";
    }
    json_t *object = json_loads(answer, 0, NULL);
    assert_non_null(object);
    (void)snprintf(state, sizeof state, "%s", json_string_value(json_object_get(object, "state")));
    json_decref(object);
    return state;
}

void bench_state_await(const char *state)
{
    for (int i = 0; i < PATIENCE_MS / 10; i++) {
        if (strcmp(bench_state(), state) == 0) {
            return;
        }
        nap();
    }
    fail_msg("the chip is %s, not %s", bench_state(), state);
}

static unsigned occurrences(const char *text)
{
    static char log[262144];
    char path[800];
    unsigned count = 0;
    (void)snprintf(path, sizeof path, "%s/console.log", dir);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, log, sizeof log - 1);
    if (fd >= 0) {
        (void)close(fd);
    }
    log[n < 0 ? 0 : n] = '\0';
    for (const char *at = strstr(log, text); at != NULL; at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}

void bench_console_await(const char *text, unsigned count)
{
    for (int i = 0; i < PATIENCE_MS / 10 && occurrences(text) < count; i++) {
        nap();
    }
    assert_int_equal(occurrences(text), count);
}

void fw_connect(void)
{
    struct fault fault = FAULT_NONE;
    link_fd = chip_link_open(dir, &fault);
    if (link_fd < 0) {
        fail_msg("%s", fault.what);
    }
}

void fw_disconnect(void)
{
    if (link_fd >= 0) {
        (void)close(link_fd);
    }
    link_fd = -1;
}

void fw_send(const void *data, size_t len)
{
    assert_int_equal(send(link_fd, data, len, MSG_NOSIGNAL), len);
}

bool fw_receive(void *data, size_t len)
{
    uint8_t *at = data;
    while (len != 0) {
        struct pollfd p = { .fd = link_fd, .events = POLLIN, .revents = 0 };
        ssize_t n = poll(&p, 1, PATIENCE_MS) == 1 ? recv(link_fd, at, len, 0) : -1;
        if (n <= 0) {
            return false;
        }
        at += n;
        len -= (size_t)n;
    }
    return true;
}

void fw_echo(uint8_t c)
{
    const uint8_t command[2] = { 'e', c };
    uint8_t back = 0;
    fw_send(command, 2);
    assert_true(fw_receive(&back, 1));
    assert_int_equal(back, c);
}

static void request_send(uint8_t op, uint32_t address, const void *data, uint16_t len, uint16_t answer_len)
{
    static uint8_t text[5 + FLASHCTL_REQUEST_LEN + FLASHCTL_PROGRAM_MAX];
    uint16_t data_len = data == NULL ? 0 : len;
    text[0] = 'q';
    bytes_write_le16(text + 1, (uint16_t)(FLASHCTL_REQUEST_LEN + data_len));
    bytes_write_le16(text + 3, answer_len);
    text[5] = op;
    text[6] = 0;
    bytes_write_le16(text + 7, len);
    bytes_write_le32(text + 9, address);
    if (data_len != 0) {
        memcpy(text + 13, data, data_len);
    }
    fw_send(text, 13 + (size_t)data_len);
}

void fw_request_begin(uint8_t op, uint32_t address, const void *data, uint16_t len)
{
    request_send(op, address, data, len, 1);
}

uint8_t fw_request(uint8_t op, uint32_t address, const void *data, uint16_t len, void *out, uint16_t out_len)
{
    uint8_t status = 0;
    request_send(op, address, data, len, (uint16_t)(1 + out_len));
    assert_true(fw_receive(&status, 1));
    if (out_len != 0) {
        assert_true(fw_receive(out, out_len));
    }
    return status;
}

uint8_t fw_program(uint32_t off, const void *data, uint16_t len)
{
    return fw_request(FLASHCTL_PROGRAM, off, data, len, NULL, 0);
}

uint8_t fw_erase(uint32_t off)
{
    return fw_request(FLASHCTL_ERASE, off, NULL, 0, NULL, 0);
}

uint8_t fw_blow(uint32_t word, uint32_t mask)
{
    uint8_t bytes[4];
    bytes_write_le32(bytes, mask);
    return fw_request(FLASHCTL_BLOW, word, bytes, 4, NULL, 0);
}

uint32_t fw_word_read(uint32_t address)
{
    uint8_t text[5] = { 'r' };
    bytes_write_le32(text + 1, address);
    fw_send(text, sizeof text);
    assert_true(fw_receive(text, 4));
    return bytes_read_le32(text);
}

void fw_word_write(uint32_t address, uint32_t value)
{
    uint8_t text[9] = { 'w' };
    bytes_write_le32(text + 1, address);
    bytes_write_le32(text + 5, value);
    fw_send(text, sizeof text);
}
