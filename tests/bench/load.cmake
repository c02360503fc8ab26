# SPDX-License-Identifier: Apache-2.0
# The load bench: chips that run the firmware as it is, at the speed of the host, against a real appliance.
if(WINDLASS_SANITIZE)
  return() # a reset empties the firmware's variables, and with them what the sanitizer keeps between them
endif()
find_package(OpenSSL REQUIRED)
include(${CMAKE_SOURCE_DIR}/tests/cuts/firmware.cmake)
windlass_sim_firmware(load_firmware)
add_executable(load load/load.c load/station.c load/chip.c load/board.c load/crypto.c ${load_firmware})
target_compile_options(load PRIVATE ${WINDLASS_WARNINGS})
# The headers of the firmware's rooms; its code is the object's.
target_include_directories(load PRIVATE ${CMAKE_SOURCE_DIR}/sbm/include)
target_link_libraries(load PRIVATE wl_tls wl_wire wl_wire_channel wl_channel wl_crypto OpenSSL::Crypto)
foreach(verb crypto_p256_verify crypto_p256_sign crypto_p256_generate crypto_p256_public crypto_p256_agree sha256_blocks)
  target_link_options(load PRIVATE -Wl,--wrap=${verb})
endforeach()
set_target_properties(load PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
# What the token does by itself. Not through host/lib/hsm: that is what is compared.
pkg_check_modules(P11KIT REQUIRED IMPORTED_TARGET p11-kit-1)
add_executable(hsm_rate hsm_rate.c)
target_compile_options(hsm_rate PRIVATE ${WINDLASS_WARNINGS})
target_include_directories(hsm_rate SYSTEM PRIVATE ${P11KIT_INCLUDE_DIRS})
target_link_libraries(hsm_rate PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
set_target_properties(hsm_rate PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_executable(crowd load/crowd.c)
target_compile_options(crowd PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(crowd PRIVATE wl_tls wl_wire)
set_target_properties(crowd PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
