/* SPDX-License-Identifier: Apache-2.0 */
/* config: of Mbed TLS only p256-m is used here. */
#ifndef CRYPTO_MBEDTLS_CONFIG_H
#define CRYPTO_MBEDTLS_CONFIG_H

#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS

#endif
