# SPDX-License-Identifier: Apache-2.0
# Host side: libraries by floor, the windlass command, tests and fuzzers.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
enable_testing()
add_compile_definitions(_GNU_SOURCE)
if(WINDLASS_SANITIZE)
  add_compile_options(-O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(WINDLASS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link) # the fuzzers see what they reach in every room but crypto
endif()

# windlass_library(<name> SOURCES <files> LIBS <libraries>): one room, with our warnings.
function(windlass_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${WINDLASS_WARNINGS})
  target_link_libraries(${name} PUBLIC ${ARG_LIBS})
endfunction()

# A test's COST is about the seconds it takes on a quiet machine, of those that take long: ctest begins with them.
# windlass_test(<name> SOURCES <files> LIBS <libraries>): a cmocka program that ctest runs in the build folder. Its name says the room it tests.
function(windlass_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${WINDLASS_WARNINGS})
  target_compile_definitions(${name} PRIVATE WINDLASS_SOURCE_DIR="${CMAKE_SOURCE_DIR}" WINDLASS_BUILD_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} cmocka)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(WINDLASS_SANITIZE)
    math(EXPR ARG_TIMEOUT "3 * ${ARG_TIMEOUT}") # many times slower, on machines that have more to do
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()

# windlass_fuzzer(<name> SOURCES <files> LIBS <libraries>): a libFuzzer target (only in the sanitizer preset); run by tools/fuzz.
function(windlass_fuzzer name)
  if(WINDLASS_FUZZ)
    cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_compile_options(${name} PRIVATE ${WINDLASS_WARNINGS} -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE ${ARG_LIBS})
    set_property(GLOBAL APPEND PROPERTY WINDLASS_FUZZERS ${name})
  endif()
endfunction()

windlass_library(wl_base SOURCES base/hard.c base/status.c base/words.c base/cbor_read.c base/cbor_write.c)

# From the ground up: each room needs only those before it.
foreach(room wire crypto channel boot ports/sim sbm
        host/lib host/sign1 host/pki host/master host/ledger host/dashboard host/quota host/production host/appliance host/daemon host/station host/device host/chip host/cli
        tests/unit tests/cuts tests/crash tests/fuzz tests/cli tests/system tests/bench tests/days)
  add_subdirectory(${room})
endforeach()
