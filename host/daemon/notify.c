/* SPDX-License-Identifier: Apache-2.0 */
/* notify: see notify.h. */
#include "host/daemon/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int notify_fd = -1;

void notify_open(void)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path == NULL ? 0 : strlen(path);
    if (len < 2 || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(to.sun_path, path, len);
    if (path[0] == '@') {
        to.sun_path[0] = '\0'; /* an abstract name */
    }
    notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (notify_fd >= 0 && connect(notify_fd, (const struct sockaddr *)&to, to_len) != 0) {
        (void)close(notify_fd);
        notify_fd = -1;
    }
}

void notify_say(const char *state)
{
    if (notify_fd >= 0) {
        (void)send(notify_fd, state, strlen(state), MSG_NOSIGNAL);
    }
}
