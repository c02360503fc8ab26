# SPDX-License-Identifier: Apache-2.0
add_library(wl_channel_rig STATIC channel_rig.c crypto_support.c)
target_compile_options(wl_channel_rig PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(wl_channel_rig PUBLIC wl_channel cmocka)
foreach(part edhoc record schedule)
  windlass_test(channel_${part}_test SOURCES channel_${part}_test.c LIBS wl_channel_rig OpenSSL::Crypto)
endforeach()
