# SPDX-License-Identifier: Apache-2.0
# The virtual chip's pure parts.
foreach(part array controller guard rsp vflash control dir console)
  windlass_test(chip_${part}_test SOURCES chip_${part}_test.c LIBS wl_chip)
endforeach()
