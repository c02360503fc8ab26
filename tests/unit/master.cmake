# SPDX-License-Identifier: Apache-2.0
# Tests of mastering and of key blocks.
find_package(OpenSSL 3.0 REQUIRED)
foreach(part image hex)
  windlass_test(master_${part}_test SOURCES master_${part}_test.c host_support.c LIBS wl_master)
endforeach()
windlass_test(master_block_test SOURCES master_block_test.c host_support.c LIBS wl_host wl_boot wl_wire_cases OpenSSL::Crypto)
foreach(part package keys)
  windlass_test(master_${part}_test SOURCES master_${part}_test.c master_rig.c host_support.c LIBS wl_master wl_pki OpenSSL::Crypto)
endforeach()
foreach(part production production_forged)
  windlass_test(${part}_test SOURCES ${part}_test.c production_rig.c master_rig.c host_support.c LIBS wl_appliance_folder wl_master wl_pki)
endforeach()
# With an engine: what product and credential say of the channel to the chips.
windlass_test(production_channel_test SOURCES production_channel_test.c production_rig.c master_rig.c host_support.c
  LIBS wl_appliance wl_chip wl_appliance_folder wl_master wl_pki)
