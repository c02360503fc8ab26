# SPDX-License-Identifier: Apache-2.0
# The firmware as the sweeps run it: BL1 and SBM in one object, with all of their variables in two sections, so that a reset can empty their RAM and a
# snapshot can keep it. Nothing else of the sources is different from what the other tests link.

# windlass_sim_firmware(<name> [PLANT <folder>] [BL1 <library>]): <name> is an object file; with PLANT, one source is compiled with the one change of that
# bug; BL1 is another library than wl_bl1.
function(windlass_sim_firmware name)
  cmake_parse_arguments(ARG "" "PLANT;BL1" "" ${ARGN})
  set(planted)
  if(ARG_PLANT)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}_planted.c)
    set(bug ${CMAKE_CURRENT_SOURCE_DIR}/bugs/${ARG_PLANT}.cmake)
    include(${bug})
    add_custom_command(OUTPUT ${source} DEPENDS ${bug} ${CMAKE_SOURCE_DIR}/${BUG_FILE} ${CMAKE_CURRENT_SOURCE_DIR}/plant.cmake VERBATIM
      COMMAND ${CMAKE_COMMAND} -DBUG=${bug} -DTOP=${CMAKE_SOURCE_DIR} -DOUT=${source} -P ${CMAKE_CURRENT_SOURCE_DIR}/plant.cmake)
    add_library(${name}_planted OBJECT ${source})
    target_link_libraries(${name}_planted PRIVATE wl_sbm wl_boot)
    set(planted $<TARGET_OBJECTS:${name}_planted>)
  endif()
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
  if(NOT ARG_BL1)
    set(ARG_BL1 wl_bl1)
  endif()
  set(rooms ${ARG_BL1} wl_sbm wl_boot wl_verify)
  list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE archives)
  # The first definition counts: the planted one stands before the room's own.
  add_custom_command(OUTPUT ${object} DEPENDS ${rooms} ${planted} COMMAND_EXPAND_LISTS VERBATIM
    COMMAND ${CMAKE_LINKER} -r -z muldefs -o ${object}.all ${planted} --whole-archive ${archives} --no-whole-archive
    COMMAND ${CMAKE_OBJCOPY} --rename-section .bss=firmware_bss --rename-section .data=firmware_data
            --rename-section .data.rel.local=firmware_data --remove-section .eh_frame --remove-section .rela.eh_frame ${object}.all ${object})
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  set(${name} ${object} PARENT_SCOPE)
endfunction()

# windlass_sweep(<name> FIRMWARE <object> SOURCES <files>): a program that runs this firmware.
function(windlass_sweep name)
  cmake_parse_arguments(ARG "" "FIRMWARE" "SOURCES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES} ${ARG_FIRMWARE})
  target_compile_options(${name} PRIVATE ${WINDLASS_WARNINGS})
  target_link_libraries(${name} PRIVATE wl_cuts wl_boot_maker)
  target_link_options(${name} PRIVATE -Wl,--wrap=crypto_p256_verify -Wl,--wrap=crypto_p256_agree -Wl,--wrap=crypto_random)
endfunction()
