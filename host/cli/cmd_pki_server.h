/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pki_server: the verb of `windlass pki` that has a file of its own, and what it shares with the others. */
#ifndef HOST_CLI_CMD_PKI_SERVER_H
#define HOST_CLI_CMD_PKI_SERVER_H

/* argv[0] is the verb. */
int cmd_pki_server(int argc, char **argv);
/* For pki_listener: prints the line. */
void cmd_pki_step_print(void *context, const char *line);

#endif
