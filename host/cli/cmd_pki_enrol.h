/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pki_enrol: `windlass pki appliance | station | revoke`; argv[0] is the verb. */
#ifndef HOST_CLI_CMD_PKI_ENROL_H
#define HOST_CLI_CMD_PKI_ENROL_H

int cmd_pki_appliance(int argc, char **argv);
int cmd_pki_station(int argc, char **argv);
int cmd_pki_revoke(int argc, char **argv);

#endif
