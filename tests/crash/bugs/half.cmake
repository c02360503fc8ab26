# SPDX-License-Identifier: Apache-2.0
# A closed port is taken for a lock: the device is not asked for its token.
set(BUG_FILE host/appliance/unit_stage.c)
set(BUG_FROM [=[UNIT_CLOSED, 0, 0, ask_issue, unit_lock_check]=])
set(BUG_TO [=[UNIT_CLOSED_STILL, 0, 0, ask_issue, unit_lock_check]=])
