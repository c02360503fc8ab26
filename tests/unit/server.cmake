# SPDX-License-Identifier: Apache-2.0
# TLS between appliance and station, and the daemon that serves it.
add_library(wl_tls_maker STATIC tls_maker.c host_support.c)
target_compile_options(wl_tls_maker PRIVATE ${WINDLASS_WARNINGS} -UNDEBUG)
target_link_libraries(wl_tls_maker PUBLIC wl_tls cmocka)
windlass_test(host_tls_test SOURCES host_tls_test.c tls_foreign.c LIBS wl_tls_maker)
windlass_test(server_test SOURCES server_test.c server_rig.c LIBS wl_server wl_tls_maker Threads::Threads)
windlass_test(server_confine_test SOURCES server_confine_test.c host_support.c LIBS wl_server Threads::Threads)
windlass_test(server_control_test SOURCES server_control_test.c host_support.c LIBS wl_server Threads::Threads)
