# SPDX-License-Identifier: Apache-2.0
# A redundancy is dropped: the second mirror of the store is written and never taken for a damaged first one.
set(BUG_FILE sbm/store.c)
set(BUG_FROM [=[unsigned from = i & 1;]=])
set(BUG_TO [=[unsigned from = 0;]=])
