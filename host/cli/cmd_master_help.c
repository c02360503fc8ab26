/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_master_help: see cmd_master_help.h. */
#include "host/cli/cmd_master_help.h"

const char master_help[] =
    "usage: windlass master <verb> [options]\n\n"
    "Turns a firmware image into what is shipped. Keys stay in the HSM tokens of the project.\n\n"
    "  package     sign an image, and encrypt it when it is the application\n"
    "  block       make the key block with which one device can open a package\n"
    "  update      join a key block and its package into the file sent to a device\n"
    "  inspect     show what any of these files says\n"
    "  anchor      write the page from which the bootloader takes its trust\n"
    "  retire      write the command by which devices drop a key for good\n"
    "  production  write what one appliance needs to make devices, for that appliance alone\n"
    "  scrap       write the order that takes one unit out of an appliance's count\n\n"
    "'windlass master <verb> --help' tells more.\n\n"
    "example:\n"
    "  windlass master inspect v2.suit\n";

const char master_help_package[] =
    "usage: windlass master package --input FILE --sequence N --out FILE [options]\n\n"
    "Signs a firmware image with an OEM's firmware key. An application is encrypted under a fresh\n"
    "session key; OUT.key, beside the package, keeps that key for the OEM, so that key blocks can be\n"
    "made later. The result is checked by the device's own verifier before it appears.\n\n"
    "  --project DIR       the product's folder (default: here)\n"
    "  --input FILE        the image: ELF, Intel HEX or raw binary; of an SBM the one for slot A\n"
    "  --input-b FILE      the image of an SBM for slot B; required for it\n"
    "  --sequence N        security version, 1 to 4294967295; a device never goes back to a lower one\n"
    "  --out FILE          the package\n"
    "  --component NAME    app (default) or sbm, the Secure Boot Manager\n"
    "  --format F          elf, hex or bin (default: told by content and name)\n"
    "  --base ADDR         address for which a raw binary was made (default: the slot's)\n"
    "  --max-size BYTES    refuse a larger image\n"
    "  --needs C:N         devices take it only with sequence number N or later of the other component:\n"
    "                      sbm:N for an application, app:N for an SBM\n"
    "  --key NAME          key that signs: firmware (default) or firmware-next\n"
    "  --development       use the development keys; production devices refuse the result\n"
    "  --block-for C:OUT   also make a key block for certificate C; may be repeated\n"
    "  --issuer CERT       CA of the devices in --block-for (default: the appliance that made it)\n"
    "  --force             replace files that exist\n"
    "  --no-slot-check     for measuring only: any raw binary, no slot limit, no vector table\n\n"
    "example:\n"
    "  windlass master package --input app.elf --sequence 2 --out v2.suit\n"
    "  windlass master package --component sbm --input sbm-a.elf --input-b sbm-b.elf --sequence 1 --out sbm.suit\n";

const char master_help_block[] =
    "usage: windlass master block --package FILE --to CERT --out FILE [options]\n\n"
    "Opens the OEM's copy of a package's session key (PACKAGE.key), wraps it for one recipient and signs\n"
    "the block. The recipient's certificate is checked to the project's root first.\n\n"
    "  --project DIR    the product's folder (default: here)\n"
    "  --package FILE   the package; its key is read from FILE.key\n"
    "  --to CERT        update certificate of a device, or transport certificate of an appliance (PEM)\n"
    "  --issuer CERT    CA that issued the device's certificate (default: the appliance's that made it)\n"
    "  --out FILE       the key block\n"
    "  --key NAME       key that signs: mastering (default) or mastering-next\n"
    "  --development    use the development keys\n"
    "  --force          replace a file that exists\n\n"
    "example:\n"
    "  windlass master block --package v2.suit --to devices/00112233445566778899aabbccddeeff/update.crt \\\n"
    "    --out v2.block\n";

const char master_help_update[] =
    "usage: windlass master update --package FILE --block FILE --out FILE [--force]\n\n"
    "Joins a key block and its package into the file that is sent to a device. No key is needed.\n\n"
    "example:\n"
    "  windlass master update --package v2.suit --block v2.block --out v2.update\n"
    "  windlass device update chip1 v2.update\n";

const char master_help_inspect[] =
    "usage: windlass master inspect FILE [--json]\n\n"
    "Shows what a package, key block, update file, command or production package says: sequence number,\n"
    "vendor, class, digests, sizes, and the identifiers of the keys. No signature is checked.\n\n"
    "example:\n"
    "  windlass master inspect v2.suit\n";

const char master_help_anchor[] =
    "usage: windlass master anchor --out FILE [options]\n\n"
    "Writes the anchor page (4096 bytes): the firmware keys and the identifiers that the immutable bootloader\n"
    "trusts. It is programmed once, into locked flash.\n\n"
    "  --project DIR        the product's folder (default: here)\n"
    "  --out FILE           the page\n"
    "  --least-sequence N   least sequence number of a Secure Boot Manager that may run (default: 0)\n"
    "  --development        trust the development key\n"
    "  --force              replace a file that exists\n\n"
    "example:\n"
    "  windlass master anchor --out anchor.bin --least-sequence 1\n";

const char master_help_retire[] =
    "usage: windlass master retire --retire NAME --out FILE [options]\n\n"
    "Writes the signed command by which a device never takes a key again. There is no way back. A device\n"
    "refuses it as long as it needs the key: its application and its Secure Boot Manager must have been\n"
    "updated with packages of the other key before, and for a mastering key with a key block of the other.\n\n"
    "  --project DIR     the product's folder (default: here)\n"
    "  --retire NAME     firmware, firmware-next, mastering or mastering-next\n"
    "  --signed-by NAME  firmware key that signs the command (default: the one that stays)\n"
    "  --out FILE        the command; send it with: windlass device command\n"
    "  --force           replace a file that exists\n\n"
    "example:\n"
    "  windlass master retire --retire firmware --signed-by firmware-next --out retire.command\n";
