/* SPDX-License-Identifier: Apache-2.0 */
/* file: whole files in, whole files out. An output file appears complete or not at all, also after Ctrl-C or a crash.
 */
#ifndef HOST_LIB_FILE_H
#define HOST_LIB_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "host/lib/fault.h"

/* Reads a whole regular file of at most `max` bytes into malloc'd memory, with a NUL after it that is not counted. The
 * caller frees. */
int file_read(const char *path, size_t max, uint8_t **data, size_t *len, struct fault *fault);
/* As file_read, for a secret such as a PIN: refused when group or others may read it. The caller wipes and frees. */
int file_read_secret(const char *path, size_t max, uint8_t **data, size_t *len, struct fault *fault);

/* Maps a whole file for reading. An empty file gives an empty view. */
struct file_map {
    struct bytes bytes;
};
int file_map_open(const char *path, struct file_map *map, struct fault *fault);
void file_map_close(struct file_map *map);

/* 1 when there is a folder of this name, else 0. */
int file_is_folder(const char *path);
/* Makes a folder; one that is there already is left as it is. */
int file_folder_make(const char *path, mode_t mode, struct fault *fault);

enum file_replace { FILE_NEW_ONLY, FILE_REPLACE };
/* Writes a whole file: a temporary file beside it, fsync, then link (FILE_NEW_ONLY: refused when the name is taken) or
 * rename. */
int file_write(const char *path, struct bytes data, mode_t mode, enum file_replace replace, struct fault *fault);

/* A file being written in pieces: begin, write to `fd`, then commit or abandon. Abandoned by itself on SIGINT, SIGTERM,
 * SIGHUP and exit(). */
struct file_draft {
    int fd;
    char *path;
    char *temporary;
    enum file_replace replace;
};
int file_draft_begin(struct file_draft *draft, const char *path, mode_t mode, enum file_replace replace,
                     struct fault *fault);
int file_draft_write(struct file_draft *draft, struct bytes data, struct fault *fault);
int file_draft_commit(struct file_draft *draft, struct fault *fault);
/* Safe after commit and on a draft that never began (all zero, fd -1). */
void file_draft_abandon(struct file_draft *draft);

#endif
