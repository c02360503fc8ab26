# SPDX-License-Identifier: Apache-2.0
# What the TPM counted and nobody got is not recorded.
set(BUG_FILE host/appliance/spend.c)
set(BUG_FROM [=[ledger_spent_record(s->ledger, s->last, facts.count, why, fault) != 0]=])
set(BUG_TO [=[why == NULL]=])
