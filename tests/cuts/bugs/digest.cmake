# SPDX-License-Identifier: Apache-2.0
# A digest is skipped: the image in flash is taken for the one that the manifest names.
set(BUG_FILE boot/verify.c)
set(BUG_FROM [=[crypto_sha256(image, digest);]=])
set(BUG_TO [=[memcpy(digest, package->image.digest.data, CRYPTO_SHA256_LEN);]=])
