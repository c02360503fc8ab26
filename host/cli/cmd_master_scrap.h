/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_master_scrap: `windlass master scrap`; argv[0] is the verb. */
#ifndef HOST_CLI_CMD_MASTER_SCRAP_H
#define HOST_CLI_CMD_MASTER_SCRAP_H

extern const char master_help_scrap[];
int cmd_master_scrap(int argc, char **argv);

#endif
