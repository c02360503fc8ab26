# SPDX-License-Identifier: Apache-2.0
# Tests of the ledger, on SQLite and on a server of PostgreSQL that they start.
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
add_library(wl_ledger_support STATIC ledger_support.c postgres_server.c host_support.c)
target_compile_options(wl_ledger_support PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(wl_ledger_support PUBLIC wl_ledger cmocka PkgConfig::SQLITE PkgConfig::LIBPQ)
windlass_test(provision_ledger_test SOURCES provision_ledger_test.c LIBS wl_ledger_support)
windlass_test(ledger_count_test SOURCES ledger_count_test.c LIBS wl_ledger_support)
add_library(wl_ledger_maker STATIC ledger_maker.c ledger_fraud.c attest_maker.c)
target_compile_options(wl_ledger_maker PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(wl_ledger_maker PUBLIC wl_ledger_support)
windlass_test(ledger_audit_test SOURCES ledger_audit_test.c LIBS wl_ledger_maker TIMEOUT 300)
windlass_test(host_p256_test SOURCES host_p256_test.c crypto_p256_maker.c LIBS wl_host wl_crypto OpenSSL::Crypto)
