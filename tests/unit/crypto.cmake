# SPDX-License-Identifier: Apache-2.0
windlass_test(crypto_p256_test SOURCES crypto_p256_test.c crypto_p256_maker.c LIBS wl_crypto OpenSSL::Crypto TIMEOUT 300)
# Secrets steer no branch and no address: memcheck watches the compiled code. Its own binaries only: a sanitizer's it cannot run.
find_program(VALGRIND valgrind)
if(VALGRIND AND NOT WINDLASS_SANITIZE)
  add_executable(crypto_p256_time crypto_p256_time.c)
  target_compile_options(crypto_p256_time PRIVATE ${WINDLASS_WARNINGS})
  target_link_libraries(crypto_p256_time PRIVATE wl_crypto)
  target_link_options(crypto_p256_time PRIVATE -Wl,--wrap=p256_reveal -Wl,--strip-debug) # newer debug information stops valgrind
  set(memcheck ${VALGRIND} -q --error-exitcode=9 --exit-on-first-error=yes)
  add_test(NAME crypto_p256_time_test COMMAND ${memcheck} $<TARGET_FILE:crypto_p256_time>)
  add_test(NAME crypto_p256_time_leak_is_found_test COMMAND ${memcheck} $<TARGET_FILE:crypto_p256_time> leak)
  set_tests_properties(crypto_p256_time_leak_is_found_test PROPERTIES WILL_FAIL TRUE)
endif()
