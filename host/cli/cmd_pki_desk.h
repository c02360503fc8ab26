/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pki_desk: `windlass pki desk`; argv[0] is the verb. */
#ifndef HOST_CLI_CMD_PKI_DESK_H
#define HOST_CLI_CMD_PKI_DESK_H

int cmd_pki_desk(int argc, char **argv);

#endif
