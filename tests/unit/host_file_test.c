/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in, whole files out: also when the disk, the user or a signal comes between. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/lib/file.h"
#include "tests/unit/host_support.h"

static int setup(void **state)
{
    (void)state;
    (void)support_folder_make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    support_folder_remove();
    return 0;
}

/* Entries of the test's folder. */
static size_t folder_count(void)
{
    size_t count = 0;
    DIR *dir = opendir(support_path("."));
    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        count += e->d_name[0] != '.' || (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0);
    }
    (void)closedir(dir);
    return count;
}

static void expect_content(const char *name, const char *text)
{
    struct fault fault = FAULT_NONE;
    uint8_t *data;
    size_t len;
    support_check(file_read(support_path(name), 1000, &data, &len, &fault), &fault);
    assert_int_equal(len, strlen(text));
    assert_string_equal((char *)data, text);
    free(data);
}

static void written_file_reads_back(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct stat info;
    support_check(file_write(support_path("a"), bytes_of("hello", 5), 0600, FILE_NEW_ONLY, &fault), &fault);
    expect_content("a", "hello");
    assert_int_equal(stat(support_path("a"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(folder_count(), 1);
}

static void existing_file_is_not_overwritten(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    support_write("a", "old", 0644);
    support_check_refused(file_write(support_path("a"), bytes_of("new", 3), 0644, FILE_NEW_ONLY, &fault), &fault,
                          "exists already");
    expect_content("a", "old");
    fault = FAULT_NONE;
    support_check(file_write(support_path("a"), bytes_of("new", 3), 0644, FILE_REPLACE, &fault), &fault);
    expect_content("a", "new");
    assert_int_equal(folder_count(), 1);
}

static void file_that_came_meanwhile_is_not_overwritten(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct file_draft draft;
    support_check(file_draft_begin(&draft, support_path("a"), 0644, FILE_NEW_ONLY, &fault), &fault);
    support_check(file_draft_write(&draft, bytes_of("mine", 4), &fault), &fault);
    support_write("a", "theirs", 0644);
    support_check_refused(file_draft_commit(&draft, &fault), &fault, "exists already");
    file_draft_abandon(&draft);
    expect_content("a", "theirs");
    assert_int_equal(folder_count(), 1);
}

static void abandoned_draft_leaves_nothing(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct file_draft draft;
    support_check(file_draft_begin(&draft, support_path("a"), 0644, FILE_REPLACE, &fault), &fault);
    support_check(file_draft_write(&draft, bytes_of("half", 4), &fault), &fault);
    assert_int_equal(folder_count(), 1);
    file_draft_abandon(&draft);
    file_draft_abandon(&draft);
    struct file_draft never = { .fd = -1 };
    file_draft_abandon(&never);
    assert_int_equal(folder_count(), 0);
}

/* Runs a child that begins a draft and then ends by `end`; gives its wait status. */
static int child_with_draft(int end)
{
    pid_t child = fork();
    if (child == 0) {
        struct fault fault = FAULT_NONE;
        struct file_draft draft;
        if (file_draft_begin(&draft, support_path("a"), 0644, FILE_REPLACE, &fault) != 0 ||
            file_draft_write(&draft, bytes_of("half", 4), &fault) != 0) {
            _exit(99);
        }
        if (end == 0) {
            exit(3);
        }
        (void)raise(end);
        _exit(98);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void draft_is_removed_on_signals(void **state)
{
    (void)state;
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < 3; i++) {
        int status = child_with_draft(signals[i]);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
        assert_int_equal(folder_count(), 0);
    }
    int status = child_with_draft(0);
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_int_equal(folder_count(), 0);
}

static void child_does_not_remove_its_parents_draft(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct file_draft draft;
    int status;
    support_check(file_draft_begin(&draft, support_path("a"), 0644, FILE_REPLACE, &fault), &fault);
    pid_t child = fork();
    if (child == 0) {
        (void)raise(SIGTERM);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(folder_count(), 1);
    support_check(file_draft_commit(&draft, &fault), &fault);
    expect_content("a", "");
}

static void full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    support_write("a", "old", 0644);
    pid_t child = fork();
    if (child == 0) {
        struct fault fault = FAULT_NONE;
        static const uint8_t big[8192];
        struct rlimit limit = { 4096, 4096 };
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        _exit(file_write(support_path("a"), bytes_of(big, sizeof big), 0644, FILE_REPLACE, &fault) == -1 &&
                      strstr(fault.what, "cannot write") != NULL
                  ? 0
                  : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    expect_content("a", "old");
    assert_int_equal(folder_count(), 1);
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t *data;
    size_t len;
    assert_int_equal(mkfifo(support_path("fifo"), 0600), 0);
    support_check_refused(file_read(support_path("fifo"), 100, &data, &len, &fault), &fault, "not a regular file");
    fault = FAULT_NONE;
    support_check_refused(file_read(support_path("."), 100, &data, &len, &fault), &fault, "not a regular file");
    fault = FAULT_NONE;
    support_check_refused(file_write(support_path("fifo"), bytes_of("x", 1), 0600, FILE_REPLACE, &fault), &fault,
                          "not a regular file");
    fault = FAULT_NONE;
    support_check_refused(file_read(support_path("nobody"), 100, &data, &len, &fault), &fault, "No such file");
    fault = FAULT_NONE;
    support_check_refused(file_write(support_path("no/such"), bytes_of("x", 1), 0600, FILE_REPLACE, &fault), &fault,
                          "cannot write");
}

static void file_over_the_limit_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t *data;
    size_t len;
    support_write("a", "12345", 0600);
    support_check_refused(file_read(support_path("a"), 4, &data, &len, &fault), &fault, "too large: 5 bytes");
    fault = FAULT_NONE;
    support_check(file_read(support_path("a"), 5, &data, &len, &fault), &fault);
    free(data);
}

static void secret_that_others_may_read_is_refused(void **state)
{
    (void)state;
    static const unsigned modes[] = { 0640, 0604, 0660, 0644 };
    uint8_t *data;
    size_t len;
    for (size_t i = 0; i < 4; i++) {
        struct fault fault = FAULT_NONE;
        support_write("pin", "geheim", modes[i]);
        support_check_refused(file_read_secret(support_path("pin"), 100, &data, &len, &fault), &fault, "chmod 600");
        assert_null(strstr(fault.what, "geheim"));
    }
    struct fault fault = FAULT_NONE;
    support_write("pin", "geheim", 0600);
    support_check(file_read_secret(support_path("pin"), 100, &data, &len, &fault), &fault);
    free(data);
}

static void map_survives_truncation(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct file_map map;
    support_write("a", "content", 0600);
    support_check(file_map_open(support_path("a"), &map, &fault), &fault);
    assert_int_equal(truncate(support_path("a"), 0), 0);
    assert_int_equal(map.bytes.len, 7);
    assert_memory_equal(map.bytes.data, "content", 7);
    file_map_close(&map);
    file_map_close(&map);
    support_check(file_map_open(support_path("a"), &map, &fault), &fault);
    assert_int_equal(map.bytes.len, 0);
    file_map_close(&map);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(written_file_reads_back),
        TEST(existing_file_is_not_overwritten),
        TEST(file_that_came_meanwhile_is_not_overwritten),
        TEST(abandoned_draft_leaves_nothing),
        TEST(draft_is_removed_on_signals),
        TEST(child_does_not_remove_its_parents_draft),
        TEST(full_disk_leaves_the_old_file),
        TEST(what_is_no_regular_file_is_refused),
        TEST(file_over_the_limit_is_refused),
        TEST(secret_that_others_may_read_is_refused),
        TEST(map_survives_truncation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
