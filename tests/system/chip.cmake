# SPDX-License-Identifier: Apache-2.0
# The virtual chip with real firmware in the emulator, and with a real debugger.
find_program(ARM_GCC arm-none-eabi-gcc)
find_program(ARM_OBJCOPY arm-none-eabi-objcopy)
find_program(GDB_MULTIARCH gdb-multiarch)
find_program(QEMU_ARM qemu-system-arm)
if(ARM_GCC AND ARM_OBJCOPY AND GDB_MULTIARCH AND QEMU_ARM)
  set(chip_fw ${CMAKE_CURRENT_BINARY_DIR}/chip_fw)
  set(chip_fw_source ${CMAKE_CURRENT_SOURCE_DIR}/fw)
  add_custom_command(OUTPUT ${chip_fw}.elf ${chip_fw}.bin
    COMMAND ${ARM_GCC} -mcpu=cortex-m33 -mthumb -O2 -Wall -Wextra -Werror -ffreestanding -nostdlib -Wl,--build-id=none
            -T ${chip_fw_source}/chip_fw.ld ${chip_fw_source}/chip_fw.c -o ${chip_fw}.elf
    COMMAND ${ARM_OBJCOPY} -O binary ${chip_fw}.elf ${chip_fw}.bin
    DEPENDS ${chip_fw_source}/chip_fw.c ${chip_fw_source}/chip_fw.ld
    COMMENT "Firmware for the tests of the virtual chip")
  add_custom_target(chip_fw DEPENDS ${chip_fw}.elf)
  add_library(chip_bench STATIC chip_bench.c chip_bench_debug.c)
  target_compile_options(chip_bench PRIVATE ${WINDLASS_WARNINGS})
  target_compile_definitions(chip_bench PRIVATE WINDLASS_BUILD_DIR="${CMAKE_BINARY_DIR}" CHIP_FW="${chip_fw}"
    WINDLASS_COMMAND="$<TARGET_FILE:windlass>")
  target_link_libraries(chip_bench PUBLIC wl_chip cmocka)
  add_dependencies(chip_bench chip_fw windlass)
  foreach(part power debug permit rsp command)
    windlass_test(chip_system_${part}_test SOURCES chip_system_${part}_test.c LIBS chip_bench)
  endforeach()
else()
  message(STATUS "virtual chip: system tests need arm-none-eabi-gcc, gdb-multiarch and qemu-system-arm")
endif()
