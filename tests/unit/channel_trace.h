/* SPDX-License-Identifier: Apache-2.0 */
/* channel_trace: two handshakes with another implementation of RFC 9528 (libedhoc 1.6, method 0, cipher suite 5, with
 * message_4), hexadecimal. responder_*: it began, with a CWT; initiator_*: it answered, with a certificate. Ephemeral
 * keys and signatures are those of our side; certificates are random bytes, which EDHOC does not look into. */
#ifndef TESTS_UNIT_CHANNEL_TRACE_H
#define TESTS_UNIT_CHANNEL_TRACE_H

static const char responder_message_1[] = "000558203458e0e35d34a437e1bf1f6951ae6c6172a482d523182112d4b71f9e49caa2882d";
static const char responder_certificate[] =
    "be96b17669cf67f10409edd22f204a99ea1ac3d4b3ece1f4eed7651d67e4cedf08c76fb0fc9fb4c96c51ed44ef0fec97b937"
    "ff97f8f1bd444756e36fed513b94a8c3a54239bf";
static const char responder_cwt[] =
    "8443a10128a104484cfc16e2cdeffb9a5887a502666c696e652031041907d008a101a401022001215820bbf5fe03f6634fa0"
    "261c791c13b101bd15cad2745009bf82cd3311e96f6d5a4f225820cb9ca6d6bbbac07218f92b67052f494498f88b1cb75b67"
    "4459e2faf458297b173a0001000050010000000000000000000000000000003a000100015002000000000000000000000000"
    "0000005840d763bb5a3c8414a8a6091c991421fa9dcf0e07264297fac008b7a6bc1b0c4639e54d9aff27ed6c1fd94fa687e1"
    "0fb102fddd6dfcec14b2d085d40cff9dd915e5";
static const char responder_public[] =
    "dca926cc5cd8357d7aabd76f43082f1f0d42933f1307251730e8375332d5723e228b0ac3df6724948f62f190cc8ffd29d2cf"
    "cda6a3599f747d6318c7975e6642";
static const char initiator_public[] =
    "bbf5fe03f6634fa0261c791c13b101bd15cad2745009bf82cd3311e96f6d5a4fcb9ca6d6bbbac07218f92b67052f494498f8"
    "8b1cb75b674459e2faf458297b17";
static const char mastering_public[] =
    "cd9a8af356aa08552f9422b9fa60fdb08a61833a54090621f882e919b0438347722728e7545ab78a0cc80c0f7058c93b3544"
    "f8d6e706ec5d1cef2f195f42e4b0";
static const char responder_ephemeral[] = "dea265a25c00704c9326ff882625abc8f24f379faef7fbc38d9fbb30e59d6f56";
static const char responder_signature[] =
    "66066dbad59421b8448750dcb04699cd649738450d4cee5a03dbeac34bd44877e694ed0489a806b48fa64c3888750ed195f3"
    "c6e638fecf9d0a26653af4d199ab";
static const char responder_message_2[] =
    "58aec06fecd198adbee97775737d3e5d86cf98653027d56748c90ca1677f6da6b5753fb37b46da0bb1a176faa337a1b8a321"
    "8239308095ff7b498da3a2b152638c90e7f3d5b31c63b8db836200281c635b5056d768080ecbeb76677d015b1a158b27fb24"
    "24dac0068ddd5ec2d8f454d62e51d19a195584537a431d3d4c6fcd1296f6ba51073fa2485d7a1141e288b26a3de3867f160a"
    "7f0b7355ff7130619410e5fb530fca464e74136bbb21a7bff029";
static const char responder_message_3[] =
    "59012f751bedc4c6806d97a4b61d8aa3989b3ab3c6efbf6d8f4a801be9daa8c888d40ed873f4e45dccd58b8d4a78c84f005b"
    "168554b6f63879f46ca1e480f0c42beb29eec60619d1fd1e62f7237a5175f1fe5fd0649485cc78267e9ba95725f9d293052b"
    "3422a52d1b8878490e44c07506584bdc2534eb20e9d7baae44724f2f437cbc1eef8092707ed61080dc8e9dc4e84c34f3cdcd"
    "90f55d6b3230f94337b1276aa562fbf2fa2415068f3d8838d33af794bd1716ff4005f4b466374ea71157985ff9a532a7a148"
    "9a914a8fe945bddf3b388d18ba4ef13515d48c6dbf87548f8e55586a50092705c29c998421fdefe93f4586921d9d797b5a3c"
    "6dc5dd3169b1aad6f7df278fe1e78971bc69cdfd7d6e94724781da60a915ebd2cca8ef6e56986cee70d256d152a4534f3731"
    "ab7f7572c615";
static const char responder_message_4[] = "506b951f0f7a691b0fed8d6b760ab3df3d";
static const char responder_exported[] =
    "076a307ce86cc44e155a41f2bf6f8675aeb420eaca63cebedd215d4c2ccb57a93f01d5f53cdea48c8813c64a";
static const char initiator_ephemeral[] = "fa8a6fd1ac4d443e4e3eccdf75e75fce42ebc3c547cf95633e4bc5611584d719";
static const char initiator_message_1[] = "000558201e94cb4163e37a396cd40da74aed39a5fab92b5863d2794a3c30cdb46d0caf7700";
static const char initiator_certificate[] =
    "5ff1b8b9a68865fe3d9a9ece2c71d0c943787882405d3e0f56452f3f4f55f15dda988b7f6b2054edf3a36b75152ee939d45d"
    "015413eeb2a56d6070d4c1738400284439842bf8";
static const char initiator_message_2[] =
    "58ae0d7c2c5827ad28d8a210014ed758773b656b056080c7e38dfb3d3f5f8d5c5635cba7f1c95aab2dd2fb8c0ce9644a4029"
    "5027a1689efead53fb4ea3af1dde9efdd8ff109b29def319c434d8a963e75e7c7e4e03d68d70f1ee1c145edafd2d45d94fb4"
    "8a8916dc6d46da63c8a26e04137fa38523f560119c5ea3695caa49ac93131f8ad0d56872bf6dda98be3765ed5e4cdd0d1745"
    "ad0752116e942bd2b50c4e5bf93a25e7b9f2a8502593569a7ebc";
static const char initiator_signature[] =
    "7a276bbd6b65d1f05815ae02a7d31090af0073aafb0ec47f1519247a24897da016529e70025e1b8c1a937567ac2c438664fb"
    "0631fbe4982b2aa5553de52629fa";
static const char initiator_message_3[] =
    "589d1745d7b85ba5e49c9983c4e17f2ddcbad51e1c37f4ff42e4e56238d96ad183c078e6b77fdb2e48e644246812bbffa1ef"
    "374ef9d7956a63edeb7c3a87ddeda3f504f3afa0d644d5b574559b6abc49f112802d49e67a72a05bd8be35afda120c244286"
    "29491f96517feb0f3d120d1c3178b7485790e51bc97b9d9360b26370b9e2fbb4dd4a46c62929f056c33c5ecc0ad1859de795"
    "64bc13bcd96cc0ff70";
static const char initiator_message_4[] = "5015c5dd91c7fdc79fb668f77be7117e79";
static const char initiator_exported[] =
    "e8f3e20f79e15256aea1337041e60a7bfbb8913e3f7199929a5739e0b5cbf587fbffbe2fae5a38e33bb82f41";

#endif
