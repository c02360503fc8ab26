# SPDX-License-Identifier: Apache-2.0
# The daemon's own: what serves, watches and tells.
windlass_library(wl_server
  SOURCES log.c metrics.c server.c server_accept.c server_admit.c server_conn.c server_keeper.c
  LIBS wl_tls)
