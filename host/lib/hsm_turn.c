/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_turn: SoftHSM writes to a token's files when somebody logs in, and a process that reads them at that moment sees
 * no token. Programs of ours take turns over the lock of SoftHSM's configuration file; who waits too long goes without.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "host/lib/hsm_room.h"

#define TURN_TRIES 500
#define TURN_PAUSE_MS 10

int hsm_turn_begin(void)
{
    const struct timespec pause = { 0, TURN_PAUSE_MS * 1000000L };
    const char *configuration = getenv("SOFTHSM2_CONF");
    int fd = configuration == NULL ? -1 : open(configuration, O_RDONLY | O_CLOEXEC);
    for (int tries = 0; fd >= 0 && tries < TURN_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
        (void)nanosleep(&pause, NULL);
    }
    return fd;
}

void hsm_turn_end(int turn)
{
    if (turn >= 0) {
        (void)close(turn);
    }
}
