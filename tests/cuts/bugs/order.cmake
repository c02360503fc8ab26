# SPDX-License-Identifier: Apache-2.0
# Two writes are swapped: the store's counter says that a record is there before the record is.
set(BUG_FILE sbm/store.c)
set(BUG_FROM [=[
        status = journal_append(&store->journal, type, bytes_of(sealed, STORE_OVERHEAD + data.len));
    }
    if (status == STATUS_OK) {
        status = counter_advance(region_counter(store->region), sequence);
]=])
set(BUG_TO [=[
        status = counter_advance(region_counter(store->region), sequence);
    }
    if (status == STATUS_OK) {
        status = journal_append(&store->journal, type, bytes_of(sealed, STORE_OVERHEAD + data.len));
]=])
