# SPDX-License-Identifier: Apache-2.0
# Two writes are swapped: the state says that nothing is pending any more before the image is written.
set(BUG_FILE sbm/launch.c)
set(BUG_FROM [=[
    status_t status = slot_install(slot, now->counter);
    now->pending = STATE_NONE;
]=])
set(BUG_TO [=[
    now->pending = STATE_NONE;
    (void)state_save(&device.state);
    status_t status = slot_install(slot, now->counter);
]=])
