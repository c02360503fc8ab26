# SPDX-License-Identifier: Apache-2.0
# The daemon's own: what serves, watches, confines and tells.
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
windlass_library(wl_server
  SOURCES confine.c confine_calls.c control.c control_ask.c control_reply.c log.c metrics.c
          server.c server_accept.c server_admit.c server_conn.c server_keeper.c
  LIBS wl_tls PkgConfig::SECCOMP)
