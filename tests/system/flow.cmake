# SPDX-License-Identifier: Apache-2.0
# The real firmware on the virtual chip, as people use it. They need build/target.
foreach(script readme console hostile random storage ticking crashing cuts crypto p256 psa recovery watchdog halt rotation lifecycle factory factory_back factory_book factory_two line_leaks crash_line)
  add_test(NAME system_${script} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${script}.sh ${CMAKE_SOURCE_DIR})
  set_tests_properties(system_${script} PROPERTIES LABELS system TIMEOUT 600 COST 30)
endforeach()
set_tests_properties(system_cuts PROPERTIES COST 110)
set_tests_properties(system_readme PROPERTIES COST 60)
# `make factory` on a terminal, with its page in a browser.
add_test(NAME system_line COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/line.py ${CMAKE_SOURCE_DIR})
set_tests_properties(system_line PROPERTIES LABELS system TIMEOUT 300 COST 25 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
# Asks over the data link, each question once.
add_executable(chip_echoes chip_echoes.c)
target_compile_options(chip_echoes PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(chip_echoes PRIVATE wl_device)
# What a chip keeps secret, for those who search for it.
add_library(chip_store STATIC chip_store.c)
target_link_libraries(chip_store PUBLIC wl_sim_device)
# Searches what an application could read for the chip's secrets.
add_executable(chip_leaks chip_leaks.c)
target_link_libraries(chip_leaks PRIVATE chip_store)
# Nothing leaks on the line: records a station, writes the secrets into files, searches.
add_library(witness MODULE witness.c)
set_target_properties(witness PROPERTIES PREFIX "")
target_link_libraries(witness PRIVATE ${CMAKE_DL_LIBS} Threads::Threads)
add_executable(chip_secrets chip_secrets.c)
target_link_libraries(chip_secrets PRIVATE chip_store)
add_executable(secret_search secret_search.c secret_forms.c)
# windlassd that tells a test its session keys, so that they can be looked for.
windlass_daemon(windlassd_told told.c)
foreach(verb crypto_p256_agree schedule_prk schedule_kdf wrapping_kek wrapping_run)
  target_link_options(windlassd_told PRIVATE -Wl,--wrap=${verb})
endforeach()
foreach(tool chip_store chip_leaks witness chip_secrets secret_search)
  target_compile_options(${tool} PRIVATE ${WINDLASS_WARNINGS})
endforeach()
