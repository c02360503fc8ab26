#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens a production package as anybody's tools could, from docs/spec.md and the COSE standards alone: no code of this
project. Arguments: package, certificate of the mastering key, private transport key (PEM), folder for the parts."""
import hashlib
import pathlib
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

AAD = b"windlass production package"
PARTS = ["", "bl1", "sbm", "app", "block", "profile", "firmware_keys", "mastering_keys", "root", "ticket", "quota_key", "vendors"]


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


def decode(data, at):
    """One item of CBOR (RFC 8949) and where it ends."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    argument = info
    if info >= 24:
        length = 1 << (info - 24)
        argument = int.from_bytes(data[at : at + length], "big")
        at += length
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major == 2:
        return bytes(data[at : at + argument]), at + argument
    if major == 3:
        return data[at : at + argument].decode(), at + argument
    if major == 4:
        items = []
        for _ in range(argument):
            item, at = decode(data, at)
            items.append(item)
        return items, at
    if major == 5:
        pairs = {}
        for _ in range(argument):
            key, at = decode(data, at)
            pairs[key], at = decode(data, at)
        return pairs, at
    if major == 6:
        value, at = decode(data, at)
        return Tag(argument, value), at
    return None, at


def head(major, argument):
    for size, info in ((1, 24), (2, 25), (4, 26)):
        if argument < 24:
            return bytes([major << 5 | argument])
        if argument < 1 << 8 * size:
            return bytes([major << 5 | info]) + argument.to_bytes(size, "big")
    raise ValueError(argument)


def encode(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(4, len(value)) + b"".join(encode(item) for item in value)


def whole(data):
    value, end = decode(data, 0)
    if end != len(data):
        raise ValueError("bytes left over")
    return value


def terms_open(package, mastering):
    sign1 = whole(package)
    protected, unprotected, payload, signature = sign1.value
    if sign1.number != 18 or whole(protected) != {1: -9}:
        raise ValueError("not a COSE_Sign1 with ESP256")
    numbers = mastering.public_numbers()
    point = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    if unprotected != {4: hashlib.sha256(point).digest()[:8]}:
        raise ValueError("another key's identifier")
    der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    mastering.verify(der, encode(["Signature1", protected, AAD, payload]), ec.ECDSA(hashes.SHA256()))
    return whole(payload)


def content_open(terms, transport):
    encrypt = whole(terms[14])
    protected, unprotected, ciphertext, recipients = encrypt.value
    if encrypt.number != 96 or whole(protected) != {1: 3} or len(recipients) != 1:
        raise ValueError("not a COSE_Encrypt with A256GCM and one recipient")
    recipient_protected, recipient_unprotected, wrapped = recipients[0]
    if whole(recipient_protected) != {1: -31} or recipient_unprotected[4] != terms[3]:
        raise ValueError("not ECDH-ES+A256KW for the recipient of the terms")
    key = recipient_unprotected[-1]
    point = b"\x04" + key[-2] + key[-3]
    ephemeral = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    party = [None, None, None]
    context = encode([-5, party, party, [256, recipient_protected, AAD]])
    secret = transport.exchange(ec.ECDH(), ephemeral)
    kek = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=context).derive(secret)
    cek = keywrap.aes_key_unwrap(kek, wrapped)
    return whole(AESGCM(cek).decrypt(unprotected[5], ciphertext, encode(["Encrypt", protected, b""])))


def main():
    package, certificate, private, folder = sys.argv[1:]
    mastering = x509.load_pem_x509_certificate(pathlib.Path(certificate).read_bytes()).public_key()
    transport = serialization.load_pem_private_key(pathlib.Path(private).read_bytes(), None)
    try:
        terms = terms_open(pathlib.Path(package).read_bytes(), mastering)
    except InvalidSignature:
        sys.exit("the signature is wrong")
    own = transport.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    if terms[3] != hashlib.sha256(own).digest():
        sys.exit("for another appliance")
    content = content_open(terms, transport)
    for key, name in enumerate(PARTS):
        if name:
            (pathlib.Path(folder) / name).write_bytes(content[key])
    print(f"number {terms[2]} quota {terms[8]} block {terms[9]} tpm {terms[11]} days {(terms[7] - terms[6]) // 86400}")
    print(f"issuing {terms[12].hex()} refill {terms[13].hex()} grant {terms[10].hex()}")


main()
