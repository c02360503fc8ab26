/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_master_production: `windlass master production`; argv[0] is the verb. */
#ifndef HOST_CLI_CMD_MASTER_PRODUCTION_H
#define HOST_CLI_CMD_MASTER_PRODUCTION_H

extern const char master_help_production[];
int cmd_master_production(int argc, char **argv);

#endif
