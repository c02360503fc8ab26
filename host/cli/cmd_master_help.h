/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_master_help: what `windlass master --help` and `windlass master <verb> --help` print. */
#ifndef HOST_CLI_CMD_MASTER_HELP_H
#define HOST_CLI_CMD_MASTER_HELP_H

extern const char master_help[];
extern const char master_help_package[];
extern const char master_help_block[];
extern const char master_help_update[];
extern const char master_help_inspect[];
extern const char master_help_anchor[];
extern const char master_help_retire[];

#endif
