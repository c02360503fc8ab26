# SPDX-License-Identifier: Apache-2.0
windlass_test(store_test SOURCES store_test.c LIBS wl_boot_maker)
windlass_test(its_test SOURCES its_test.c its_rig.c LIBS wl_boot_maker)
windlass_test(its_cuts_test SOURCES its_cuts_test.c its_rig.c LIBS wl_boot_maker TIMEOUT 300)
windlass_test(its_attack_test SOURCES its_attack_test.c its_rig.c LIBS wl_boot_maker TIMEOUT 300)
if(WINDLASS_SANITIZE)
  set_tests_properties(its_test PROPERTIES ENVIRONMENT WINDLASS_ITS_CALLS=10000)
endif()
