# SPDX-License-Identifier: Apache-2.0
# Tests of station, appliance, ledger and device link.
add_library(wl_provision_peer STATIC provision_peer.c)
target_compile_options(wl_provision_peer PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(wl_provision_peer PUBLIC wl_station Threads::Threads)
windlass_test(provision_rsp_test SOURCES provision_rsp_test.c LIBS wl_provision_peer)
