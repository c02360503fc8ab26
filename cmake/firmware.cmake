# SPDX-License-Identifier: Apache-2.0
# Target side: BL1, SBM and the example application for the mps2-an505 port. The same sources as on the host, built for size.
set(PORT ${CMAKE_SOURCE_DIR}/ports/mps2-an505)
add_compile_options(-Os -g -ffunction-sections -fdata-sections -fno-common -fstack-usage)
set(LINK_OPTIONS -nostartfiles --specs=nano.specs --specs=nosys.specs -Wl,--gc-sections -Wl,--fatal-warnings -Wl,--no-warn-rwx-segments -Wl,-L${CMAKE_SOURCE_DIR})

include(crypto/sources.cmake)
include(crypto/psa/sources.cmake)
windlass_crypto(crypto)
windlass_psa(sbm_psa)         # SBM, for the application

set(BASE base/hard.c base/status.c base/cbor_read.c base/cbor_write.c)
set(WIRE wire/fields.c wire/suit_parse.c wire/cose_parse.c wire/cose_build.c wire/policy_parse.c wire/provision_msg_parse.c wire/provision_msg_build.c)
set(BOOT boot/flash.c boot/counter.c boot/verify.c boot/manifest_run.c boot/gate.c boot/halt.c)
set(PORT_COMMON ${PORT}/startup.c ${PORT}/uart.c ${PORT}/controller.c ${PORT}/flash.c ${PORT}/mpu.c ${PORT}/outputs.c ${PORT}/watchdog.c)
list(APPEND PORT_COMMON ${PORT}/memory.c)
set_source_files_properties(${PORT}/memory.c PROPERTIES COMPILE_OPTIONS "-fno-builtin;-fno-tree-loop-distribute-patterns")

# windlass_stage(<name> SCRIPTS <linker scripts> SOURCES <files>): secure code, compiled once and linked once with each script;
# each image is named after its script, its raw binary is beside it. The target <name>-images makes them all.
function(windlass_stage name)
  cmake_parse_arguments(ARG "" "" "SCRIPTS;SOURCES" ${ARGN})
  add_library(${name}-objects OBJECT ${ARG_SOURCES})
  target_compile_options(${name}-objects PRIVATE ${WINDLASS_WARNINGS} -mcmse)
  target_include_directories(${name}-objects PRIVATE sbm/include)
  target_link_libraries(${name}-objects PRIVATE crypto)
  add_custom_target(${name}-images)
  foreach(script IN LISTS ARG_SCRIPTS)
    get_filename_component(image ${script} NAME_WE)
    add_executable(${image} $<TARGET_OBJECTS:${name}-objects>)
    target_link_libraries(${image} PRIVATE crypto)
    target_link_options(${image} PRIVATE ${LINK_OPTIONS} -T${script} -Wl,-Map=${CMAKE_BINARY_DIR}/${image}.map)
    set_target_properties(${image} PROPERTIES LINKER_LANGUAGE C SUFFIX .elf RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} LINK_DEPENDS "${script};${PORT}/stage.ld")
    add_custom_command(TARGET ${image} POST_BUILD COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:${image}> ${CMAKE_BINARY_DIR}/${image}.bin)
    add_dependencies(${name}-images ${image})
  endforeach()
endfunction()

windlass_stage(bl1 SCRIPTS ${PORT}/bl1.ld
  SOURCES bl1/main.c bl1/agent_none.c ${BASE} ${WIRE} ${BOOT} ${PORT_COMMON} ${PORT}/fuses.c ${PORT}/start_sbm.c)
# The same with the provisioning agent, for chips that have a key pair of their own.
set(CHANNEL channel/record.c channel/server.c channel/edhoc.c channel/schedule.c wire/edhoc.c wire/cose_record.c wire/frame.c boot/provision_write.c ${PORT}/handover.c)
windlass_stage(bl1-agent SCRIPTS ${PORT}/bl1-agent.ld
  SOURCES bl1/main.c bl1/agent.c boot/credential.c wire/edhoc_credential.c ${CHANNEL}
          ${BASE} ${WIRE} ${BOOT} ${PORT_COMMON} ${PORT}/fuses.c ${PORT}/start_sbm.c ${PORT}/vendor.c ${PORT}/trng.c ${PORT}/link.c)
target_compile_options(bl1-agent-objects PRIVATE -fno-jump-tables) # smaller; it has the room of BL1 and no more
windlass_stage(sbm SCRIPTS ${PORT}/sbm-a.ld ${PORT}/sbm-b.ld
  SOURCES sbm/main.c sbm/self.c sbm/device.c sbm/store.c sbm/store_its.c sbm/provisioned.c sbm/signed.c sbm/granted.c sbm/launch.c sbm/agent.c sbm/veneer.c sbm/veneer_crypto.c sbm/veneer_storage.c sbm/veneer_guard.c sbm/service_crypto_store.c sbm/entries.c sbm/service_update.c sbm/service_command.c sbm/order.c sbm/veneer_command.c wire/command.c wire/grant.c sbm/service_status.c sbm/log.c sbm/recovery.c sbm/service_log.c sbm/status_map.c sbm/veneer_log.c wire/smp.c wire/smp_map.c wire/smp_image.c wire/smp_server.c sbm/service_attest.c sbm/veneer_attest.c wire/token.c
          ${BASE} ${WIRE} ${BOOT} boot/journal.c boot/state.c boot/keyblock.c boot/statement.c boot/install.c boot/rootkey.c boot/seal.c
          ${PORT_COMMON} ${PORT}/fuses.c ${PORT}/trng.c ${PORT}/timer.c ${PORT}/link.c ${PORT}/start_application.c)
set(VENEERS ${CMAKE_BINARY_DIR}/sbm_veneers.o)
# The linker insists on its own import library; nobody uses it.
# sbm-line-a and -b: the same with the agent's line (sbm/agent_line.c), for chips on which bl1-agent runs.
add_library(sbm-line-objects OBJECT sbm/agent_line.c ${CHANNEL})
add_library(sbm-none-objects OBJECT sbm/agent_line_none.c)
foreach(objects sbm-line-objects sbm-none-objects)
  target_compile_options(${objects} PRIVATE ${WINDLASS_WARNINGS} -mcmse)
  target_link_libraries(${objects} PRIVATE crypto)
endforeach()
add_custom_target(sbm-line-images)
foreach(slot a b)
  target_sources(sbm-${slot} PRIVATE $<TARGET_OBJECTS:sbm-none-objects>)
  add_executable(sbm-line-${slot} $<TARGET_OBJECTS:sbm-objects> $<TARGET_OBJECTS:sbm-line-objects>)
  target_link_libraries(sbm-line-${slot} PRIVATE crypto)
  target_link_options(sbm-line-${slot} PRIVATE ${LINK_OPTIONS} -T${PORT}/sbm-${slot}.ld)
  set_target_properties(sbm-line-${slot} PROPERTIES LINKER_LANGUAGE C SUFFIX .elf RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} LINK_DEPENDS "${PORT}/sbm-${slot}.ld;${PORT}/stage.ld")
  add_custom_command(TARGET sbm-line-${slot} POST_BUILD COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:sbm-line-${slot}> ${CMAKE_BINARY_DIR}/sbm-line-${slot}.bin)
  add_dependencies(sbm-line-images sbm-line-${slot})
endforeach()
foreach(image sbm-a sbm-b sbm-line-a sbm-line-b)
  target_sources(${image} PRIVATE ${sbm_psa})
  target_link_options(${image} PRIVATE -Wl,--cmse-implib -Wl,--out-implib=${CMAKE_BINARY_DIR}/${image}.implib)
endforeach()
# The addresses of SBM's entry points for the application: from the list alone, the same for every SBM.
add_library(sbm_client OBJECT sbm/client/entries.S)
target_include_directories(sbm_client PRIVATE sbm/include)
add_custom_command(OUTPUT ${VENEERS} COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_OBJECTS:sbm_client> ${VENEERS} DEPENDS sbm_client $<TARGET_OBJECTS:sbm_client>)
add_custom_target(sbm_veneers DEPENDS ${VENEERS})

add_subdirectory(app)
add_subdirectory(tests/bench/fw)
add_subdirectory(tests/bench/fw_p256)
