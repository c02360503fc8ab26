/* SPDX-License-Identifier: Apache-2.0 */
/* works_chip: chips, switched on and off (works.h). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash/works.h"

#define START_MS 20000

static void room_map(struct works_chip *chip)
{
    int fd = open(chip->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *chip->room) != 0) {
        works_give_up("%s cannot be made", chip->path);
    }
    chip->room = mmap(NULL, sizeof *chip->room, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (chip->room == MAP_FAILED) {
        works_give_up("no memory");
    }
}

void works_chip_make(struct works *works, struct works_chip *chip)
{
    static unsigned made;
    memset(chip, 0, sizeof *chip);
    (void)snprintf(chip->path, sizeof chip->path, "%s/room-%u", works->dir, ++made);
    room_map(chip);
    works_chip_on(works, chip);
}

void works_chip_on(struct works *works, struct works_chip *chip)
{
    char program[512];
    if (chip->pid > 0 && waitpid(chip->pid, NULL, WNOHANG) != chip->pid) {
        return;
    }
    (void)snprintf(program, sizeof program, "%s/%s", works->here,
                   works->kind == WORKS_SECURE ? "crash_chip_line" : "crash_chip");
    atomic_store(&chip->room->ready, 0);
    chip->pid = fork();
    if (chip->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execl(program, program, chip->path, (char *)NULL);
        _exit(127);
    }
    for (int waited = 0; !atomic_load(&chip->room->ready); waited += 2) {
        if (waited > START_MS || waitpid(chip->pid, NULL, WNOHANG) == chip->pid) {
            works_give_up("the chip %s does not start", chip->path);
        }
        (void)nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
}

void works_chip_off(struct works_chip *chip)
{
    if (chip->pid > 0) {
        (void)kill(chip->pid, SIGKILL);
        (void)waitpid(chip->pid, NULL, 0);
        chip->pid = 0;
    }
}

void works_chip_remove(struct works_chip *chip)
{
    works_chip_off(chip);
    (void)munmap(chip->room, sizeof *chip->room);
    (void)unlink(chip->path);
}
