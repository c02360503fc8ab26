# SPDX-License-Identifier: Apache-2.0
# The daemon's own: what serves, watches, confines and tells; and the program.
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
windlass_library(wl_server
  SOURCES confine.c confine_calls.c control.c control_ask.c control_reply.c log.c metrics.c
          server.c server_accept.c server_admit.c server_conn.c server_keeper.c
  LIBS wl_tls PkgConfig::SECCOMP)
add_executable(windlassd main.c daemon.c engine.c engine_record.c engine_serve.c engine_show.c engine_tpm.c errand.c notify.c)
target_compile_options(windlassd PRIVATE ${WINDLASS_WARNINGS})
target_compile_definitions(windlassd PRIVATE WINDLASS_VERSION="${PROJECT_VERSION}")
target_link_libraries(windlassd PRIVATE wl_appliance wl_server wl_dashboard PkgConfig::JANSSON)
set_target_properties(windlassd PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
