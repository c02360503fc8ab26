/* SPDX-License-Identifier: Apache-2.0 */
/* folder_room: what the files folder*.c share. Not for others. */
#ifndef HOST_APPLIANCE_FOLDER_ROOM_H
#define HOST_APPLIANCE_FOLDER_ROOM_H

#include "host/appliance/folder.h"
#include "host/lib/enrolment.h"
#include "host/lib/pem.h"

#define FOLDER_REQUEST "request.pem"
#define FOLDER_PATH_MAX 640

/* "<dir>/<relative>" */
int folder_join(const char *dir, const char *relative, char out[FOLDER_PATH_MAX], struct fault *fault);
/* "<dir>/pki/<label>.crt" */
int folder_cert_path(const char *dir, const char *label, char out[FOLDER_PATH_MAX], struct fault *fault);
/* Absolute path without trailing slash. */
int folder_dir(const char *dir, char out[512], struct fault *fault);
/* Reads pki/<label>.crt; checks it to `root` unless that is NULL; gives its key. */
int folder_cert_read(const char *dir, const char *label, const struct cert *root, enum cert_kind kind, struct cert *out,
                     uint8_t public_key[64], struct fault *fault);
/* The token's key of this label is `certified`, and cannot leave it. */
int folder_key_held(struct hsm *hsm, const char *label, const uint8_t certified[64], struct fault *fault);
/* The credential for chips: by one of these mastering keys (64 each), for the key `key`. */
int folder_channel_check(struct bytes cwt, struct bytes mastering_keys, const uint8_t key[64],
                         struct edhoc_claims *claims, struct fault *fault);
int folder_channel_read(struct appliance_folder *folder, struct fault *fault);

#endif
