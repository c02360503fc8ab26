# SPDX-License-Identifier: Apache-2.0
# The server says that a record is kept before its disk has it.
set(BUG_FILE host/ledger/store_postgres.c)
set(BUG_FROM [=[SET synchronous_commit = on]=])
set(BUG_TO [=[SET synchronous_commit = off]=])
