# SPDX-License-Identifier: Apache-2.0
# Released before it is recorded: the certificates go to the chip, and to the ledger with the next letter.
set(BUG_FILE host/appliance/unit_release.c)
set(BUG_FROM [=[
    r->certs = ledger_unit_certify_begin(u->appliance->ledger, record->uid, &record->device_cert, &record->update_cert,
                                         r->grant.pending, fault);
    return r->certs != NULL ? 0 : -1;
]=])
set(BUG_TO [=[
    return 0;
]=])
set(BUG_FROM_2 [=[
    case STORE_ROOT_CERT:
]=])
set(BUG_TO_2 [=[
    case STORE_ROOT_CERT:
        if (u->room->len == 0) { /* nothing is given: what the chip holds is checked */
            (void)ledger_unit_certify(u->appliance->ledger, u->record.uid, &u->record.device_cert,
                                      &u->record.update_cert, &(struct fault){ { 0 }, { 0 } });
        }
]=])
