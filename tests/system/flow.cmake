# SPDX-License-Identifier: Apache-2.0
# The real firmware on the virtual chip, as people use it. They need build/target.
foreach(script readme console hostile random storage ticking crashing cuts crypto p256 psa recovery watchdog halt rotation lifecycle factory)
  add_test(NAME system_${script} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${script}.sh ${CMAKE_SOURCE_DIR})
  set_tests_properties(system_${script} PROPERTIES LABELS system TIMEOUT 600)
endforeach()
# Asks over the data link, each question once.
add_executable(chip_echoes chip_echoes.c)
target_compile_options(chip_echoes PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(chip_echoes PRIVATE wl_device)
# Searches what an application could read for the chip's secrets.
add_executable(chip_leaks chip_leaks.c)
target_compile_options(chip_leaks PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(chip_leaks PRIVATE wl_sim_device)
