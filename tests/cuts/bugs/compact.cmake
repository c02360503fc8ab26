# SPDX-License-Identifier: Apache-2.0
# A redundancy is dropped: when a full journal is rewritten, the second mirror is emptied before the new record is in the first.
set(BUG_FILE boot/journal.c)
set(BUG_FROM [=[
    return status == STATUS_OK ? mirror_rewrite(journal, which, type) : status;
]=])
set(BUG_TO [=[
    status = status == STATUS_OK ? mirror_rewrite(journal, which, type) : status;
    journal->used[1 - which] = 0;
    memset(journal->newest[1 - which], 0, sizeof journal->newest[1 - which]);
    return status == STATUS_OK ? flash_erase(journal->mirror[1 - which].off, journal->mirror[1 - which].len) : status;
]=])
