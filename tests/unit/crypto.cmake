# SPDX-License-Identifier: Apache-2.0
windlass_test(crypto_p256_test SOURCES crypto_p256_test.c crypto_p256_maker.c LIBS wl_crypto OpenSSL::Crypto TIMEOUT 300)
