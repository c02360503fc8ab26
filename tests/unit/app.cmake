# SPDX-License-Identifier: Apache-2.0
# The example application's console on the host: in front of it a terminal, behind it SBM's own services on a simulated board.
windlass_test(app_line_test SOURCES app_line_test.c ${CMAKE_SOURCE_DIR}/app/line.c LIBS wl_base)
add_library(wl_app_console STATIC ${CMAKE_SOURCE_DIR}/app/console.c ${CMAKE_SOURCE_DIR}/app/command.c ${CMAKE_SOURCE_DIR}/app/identity.c ${CMAKE_SOURCE_DIR}/app/line.c ${CMAKE_SOURCE_DIR}/app/text.c)
target_compile_options(wl_app_console PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(wl_app_console PUBLIC wl_psa_client wl_base)
windlass_test(app_console_test SOURCES app_console_test.c app_terminal.c LIBS wl_app_console wl_boot_maker)
