# SPDX-License-Identifier: Apache-2.0
# Tests of mastering and of key blocks.
foreach(part image hex)
  windlass_test(master_${part}_test SOURCES master_${part}_test.c host_support.c LIBS wl_master)
endforeach()
