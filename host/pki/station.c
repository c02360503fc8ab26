/* SPDX-License-Identifier: Apache-2.0 */
/* station: certifies a provisioning station (enrol.h). */
#include <string.h>
#include <unistd.h>

#include "host/lib/file.h"
#include "host/pki/enrol_room.h"

static int station_certify(struct enrol *e, const struct pki_station_order *order, struct fault *fault)
{
    char folder[ENROL_PATH_MAX];
    char path[ENROL_PATH_MAX];
    struct cert cert;
    struct cert_spec spec = { .kind = CERT_STATION,
                              .organisation = e->project->profile.organisation,
                              .common_name = order->name,
                              .years = order->years };
    if (cert_request_read(order->request, spec.public_key, fault) != 0 ||
        enrol_path(e, folder, fault, "pki/stations") != 0 || file_folder_make(folder, 0755, fault) != 0 ||
        enrol_path(e, path, fault, "pki/stations/%s.crt", order->name) != 0) {
        return -1;
    }
    return enrol_cert(e, &spec, path, &cert, fault);
}

int pki_station_issue(const struct project *project, const struct pki_station_order *order,
                      const struct pki_listener *listener, struct fault *fault)
{
    struct enrol e;
    if (enrol_name_check(order->name, fault) != 0 || enrol_begin(&e, project, "stations", listener, fault) != 0) {
        return -1;
    }
    return enrol_end(&e, station_certify(&e, order, fault), fault);
}
