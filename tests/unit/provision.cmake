# SPDX-License-Identifier: Apache-2.0
# Tests of station, appliance, ledger and device link.
add_library(wl_provision_peer STATIC provision_peer.c)
target_compile_options(wl_provision_peer PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(wl_provision_peer PUBLIC wl_station Threads::Threads)
windlass_test(provision_packet_test SOURCES provision_packet_test.c LIBS wl_station)
windlass_test(provision_rsp_test SOURCES provision_rsp_test.c LIBS wl_provision_peer)
windlass_test(provision_flow_test
  SOURCES provision_flow_test.c provision_chip.c attest_maker.c provision_factory.c host_support.c
  LIBS wl_provision_peer wl_appliance wl_station wl_wire_build
  TIMEOUT 300)
windlass_test(provision_appliance_test
  SOURCES provision_appliance_test.c provision_factory.c host_support.c
  LIBS wl_appliance wl_wire_build)
windlass_test(provision_device_test SOURCES provision_device_test.c host_support.c LIBS wl_device Threads::Threads)
windlass_test(provision_letter_test SOURCES provision_letter_test.c LIBS wl_wire)
windlass_test(provision_attest_test SOURCES provision_attest_test.c attest_maker.c host_support.c LIBS wl_device)
windlass_test(provision_ending_test SOURCES provision_ending_test.c attest_maker.c host_support.c LIBS wl_sign1)
windlass_test(provision_tls_test SOURCES provision_tls_test.c LIBS wl_device Threads::Threads)
windlass_test(tls_stream_test SOURCES tls_stream_test.c ${CMAKE_SOURCE_DIR}/app/tls_stream.c LIBS wl_base)
windlass_test(provision_lies_test
  SOURCES provision_lies_test.c provision_lies.c provision_puppet.c provision_factory.c host_support.c
  LIBS wl_appliance wl_wire_build Threads::Threads OpenSSL::Crypto
  TIMEOUT 300)
windlass_test(provision_lists_test
  SOURCES provision_lists_test.c provision_lies.c provision_puppet.c provision_factory.c host_support.c
  LIBS wl_appliance wl_wire_build Threads::Threads OpenSSL::Crypto)
windlass_test(failures_test SOURCES failures_test.c host_support.c LIBS wl_appliance)
windlass_test(provision_block_test SOURCES provision_block_test.c host_support.c LIBS wl_appliance)
windlass_test(provision_secure_test
  SOURCES provision_secure_test.c provision_secure_rig.c provision_puppet.c provision_factory.c host_support.c
  LIBS wl_appliance wl_chip wl_boot wl_verify wl_wire_build OpenSSL::Crypto)
windlass_test(provision_secure_lies_test
  SOURCES provision_secure_lies_test.c provision_secure_rig.c provision_puppet.c provision_factory.c host_support.c
  LIBS wl_appliance wl_chip wl_boot wl_verify wl_wire_build OpenSSL::Crypto)
windlass_test(provision_frame_test SOURCES provision_frame_test.c host_support.c LIBS wl_station)
