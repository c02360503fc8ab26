# SPDX-License-Identifier: Apache-2.0
# The secure channel to the real firmware (needs build/target, with bl1-agent and sbm-line).
add_executable(channel_chip channel_chip.c)
target_compile_options(channel_chip PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(channel_chip PRIVATE wl_boot_maker wl_channel_rig OpenSSL::Crypto)
add_test(NAME system_channel COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/channel.sh ${CMAKE_SOURCE_DIR} $<TARGET_FILE:channel_chip>)
set_tests_properties(system_channel PROPERTIES LABELS system TIMEOUT 600)
# The same channel through maker, appliance and station.
add_test(NAME system_secure_line COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/secure_line.sh ${CMAKE_SOURCE_DIR})
set_tests_properties(system_secure_line PROPERTIES LABELS system TIMEOUT 900 COST 190 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
