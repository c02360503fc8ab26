# SPDX-License-Identifier: Apache-2.0
add_library(wl_channel_rig STATIC channel_rig.c channel_line.c crypto_support.c)
target_compile_options(wl_channel_rig PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(wl_channel_rig PUBLIC wl_channel wl_sim_device cmocka)
foreach(part edhoc record schedule)
  windlass_test(channel_${part}_test SOURCES channel_${part}_test.c LIBS wl_channel_rig OpenSSL::Crypto)
endforeach()
windlass_test(channel_foreign_test SOURCES channel_foreign_test.c LIBS wl_channel_rig)
target_link_options(channel_foreign_test PRIVATE -Wl,--wrap=crypto_p256_generate)
# BL1 with its agent and SBM name their entry points alike; on the host one of them takes another name.
add_library(wl_bl1_agent STATIC ${CMAKE_SOURCE_DIR}/bl1/main.c ${CMAKE_SOURCE_DIR}/bl1/agent.c)
target_compile_options(wl_bl1_agent PRIVATE ${WINDLASS_WARNINGS})
target_compile_definitions(wl_bl1_agent PRIVATE stage_main=bl1_agent_stage_main stage_fault=bl1_stage_fault halt_wipe=bl1_halt_wipe halt_say=bl1_halt_say
  halt_record=bl1_halt_record halt_end=bl1_halt_end)
target_link_libraries(wl_bl1_agent PUBLIC wl_boot wl_channel)
windlass_test(channel_agent_test SOURCES channel_agent_test.c LIBS wl_boot_maker wl_bl1_agent wl_channel_rig Threads::Threads)
target_link_options(channel_agent_test PRIVATE -Wl,--wrap=port_link_receive,--wrap=port_link_send)
windlass_test(channel_appliance_test SOURCES channel_appliance_test.c host_support.c LIBS wl_appliance_channel wl_sign1 wl_chip wl_boot wl_verify wl_host)
windlass_test(wire_frame_test SOURCES wire_frame_test.c LIBS wl_wire_channel)
