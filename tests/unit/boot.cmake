# SPDX-License-Identifier: Apache-2.0
find_package(OpenSSL REQUIRED)
# The boot rooms, the manager and the simulated board need each other's symbols at link time only.
add_library(wl_sim_device INTERFACE)
target_link_libraries(wl_sim_device INTERFACE "$<LINK_GROUP:RESCAN,wl_sbm,wl_boot,wl_sim,wl_verify>")
add_library(wl_boot_maker STATIC boot_maker.c boot_maker_sbm.c boot_rig.c)
# Its assertions hold in every build type.
target_compile_options(wl_boot_maker PRIVATE ${WINDLASS_WARNINGS} -UNDEBUG)
target_link_libraries(wl_boot_maker PUBLIC wl_sim_device wl_wire_build OpenSSL::Crypto)
windlass_test(boot_journal_test SOURCES boot_journal_test.c LIBS wl_boot_maker)
windlass_test(boot_flow_test SOURCES boot_flow_test.c LIBS wl_boot_maker)
windlass_test(boot_gate_test SOURCES boot_gate_test.c LIBS wl_boot_maker)
windlass_test(boot_repair_test SOURCES boot_repair_test.c LIBS wl_boot_maker TIMEOUT 300)
windlass_test(boot_agent_test SOURCES boot_agent_test.c LIBS wl_boot_maker)
windlass_test(boot_port_test SOURCES boot_port_test.c ${CMAKE_SOURCE_DIR}/ports/mps2-an505/controller.c LIBS wl_crypto)
windlass_test(boot_cuts_test SOURCES boot_cuts_test.c LIBS wl_boot_maker TIMEOUT 300)
# BL1 and SBM name their entry points alike; on the host one of them takes another name.
add_library(wl_bl1 STATIC ${CMAKE_SOURCE_DIR}/bl1/main.c)
target_compile_options(wl_bl1 PRIVATE ${WINDLASS_WARNINGS})
target_compile_definitions(wl_bl1 PRIVATE stage_main=bl1_stage_main stage_fault=bl1_stage_fault halt_wipe=bl1_halt_wipe halt_say=bl1_halt_say
  halt_record=bl1_halt_record halt_end=bl1_halt_end)
target_link_libraries(wl_bl1 PUBLIC wl_boot)
windlass_test(boot_bl1_test SOURCES boot_bl1_test.c LIBS wl_boot_maker wl_bl1)
windlass_test(crypto_test SOURCES crypto_test.c LIBS wl_crypto)
windlass_test(crypto_symmetric_test SOURCES crypto_symmetric_test.c crypto_support.c LIBS wl_crypto OpenSSL::Crypto)
windlass_test(crypto_aead_test SOURCES crypto_aead_test.c crypto_support.c LIBS wl_crypto OpenSSL::Crypto)
windlass_test(boot_command_test SOURCES boot_command_test.c LIBS wl_boot_maker wl_bl1)
windlass_test(boot_self_test SOURCES boot_self_test.c LIBS wl_boot_maker wl_bl1 TIMEOUT 300)
windlass_test(boot_seal_test SOURCES boot_seal_test.c LIBS wl_boot_maker TIMEOUT 300)
