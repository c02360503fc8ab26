# SPDX-License-Identifier: Apache-2.0
# A block of units that was kept is used again, though its count was recorded as spent.
set(BUG_FILE host/appliance/granting.c)
set(BUG_FROM [=[return ledger_count_find(ledger, count, &unsaid) == 1;]=])
set(BUG_TO [=[return ledger_count_find(ledger, count, &unsaid) >= 0;]=])
