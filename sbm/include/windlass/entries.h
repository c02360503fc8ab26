/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windlass/entries.h: the entry points of the Secure Boot Manager that the application may call, in a table at a fixed
 * address. Number k stands at SBM_ENTRIES_ADDR + 16 k, whichever slot SBM runs from and whatever its version is: the
 * list only grows, and a number keeps its meaning. For C and for the assembler.
 */
#ifndef WINDLASS_ENTRIES_H
#define WINDLASS_ENTRIES_H

#define SBM_ENTRIES_ADDR 0x3803E000
#define SBM_ENTRY_LEN 16

#define SBM_ENTRIES(ENTRY)                                                                                             \
    ENTRY(0, sbm_status_read)                                                                                          \
    ENTRY(1, sbm_attest_token)                                                                                         \
    ENTRY(2, sbm_certificate_read)                                                                                     \
    ENTRY(3, psa_fwu_query)                                                                                            \
    ENTRY(4, psa_fwu_start)                                                                                            \
    ENTRY(5, psa_fwu_write)                                                                                            \
    ENTRY(6, psa_fwu_finish)                                                                                           \
    ENTRY(7, psa_fwu_install)                                                                                          \
    ENTRY(8, psa_fwu_request_reboot)                                                                                   \
    ENTRY(9, psa_fwu_reject)                                                                                           \
    ENTRY(10, psa_fwu_accept)                                                                                          \
    ENTRY(11, psa_fwu_cancel)                                                                                          \
    ENTRY(12, psa_fwu_clean)                                                                                           \
    ENTRY(13, sbm_crypto_call)                                                                                         \
    ENTRY(14, sbm_log_read)                                                                                            \
    ENTRY(15, sbm_image_read)                                                                                          \
    ENTRY(16, sbm_watchdog_feed)                                                                                       \
    ENTRY(17, sbm_recovery_request)                                                                                    \
    ENTRY(18, sbm_its_set)                                                                                             \
    ENTRY(19, sbm_its_get)                                                                                             \
    ENTRY(20, psa_its_get_info)                                                                                        \
    ENTRY(21, psa_its_remove)                                                                                          \
    ENTRY(22, sbm_storage_reset)                                                                                       \
    ENTRY(23, sbm_command)                                                                                             \
    ENTRY(24, psa_initial_attest_get_token_size)

#endif
