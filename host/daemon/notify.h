/* SPDX-License-Identifier: Apache-2.0 */
/* notify: tells systemd how far the daemon is (sd_notify(3)), when it was started by it. */
#ifndef HOST_DAEMON_NOTIFY_H
#define HOST_DAEMON_NOTIFY_H

/* Remembers where to tell it, once and before the daemon is confined. */
void notify_open(void);
/* "READY=1", "RELOADING=1", "STOPPING=1". Nothing when nobody asked. */
void notify_say(const char *state);

#endif
