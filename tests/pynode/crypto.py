"""Sections 4, 11 and 13 of proto/PROTOCOL.md in Python: heads, statements, signatures, sealing,
case numbers. Shares no code with the project."""
import hashlib
import os
import struct

import nacl.bindings
import nacl.exceptions
import nacl.public
import nacl.signing

SUITE_ED25519 = 1
UP, DOWN_ACK, DOWN_HEAD = b"U", b"D", b"B"


def digest(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def chain_start(node, epoch):
    return digest(b"jiaoban-chain-v1" + struct.pack(">I", node) + epoch)


def chain_next(head, item):
    return digest(head + digest(item))


def statement(role, node, epoch, number, head):
    return role + struct.pack(">I", node) + epoch + struct.pack(">Q", number) + head


def signed_bytes(claim):
    return b"jiaoban-v1\0line\0" + claim


class Keys:
    """A node's two key pairs."""

    def __init__(self, line_secret=None, sign_seed=None):
        self.line = nacl.public.PrivateKey(line_secret or os.urandom(32))
        self.sign = nacl.signing.SigningKey(sign_seed or os.urandom(32))

    @property
    def line_public(self):
        return bytes(self.line.public_key)

    @property
    def sign_public(self):
        return bytes(self.sign.verify_key)

    def public_line(self):
        both = self.line_public + self.sign_public
        return f"jbk1:{self.line_public.hex()}:{self.sign_public.hex()}:{digest(both)[:4].hex()}"

    def sign_claim(self, claim):
        return self.sign.sign(signed_bytes(claim)).signature


def parse_public_line(text):
    """(line key, signing key) of a "jbk1:" line; ValueError when it was copied wrongly."""
    prefix, line, sign, check = text.strip().split(":")
    line, sign = bytes.fromhex(line), bytes.fromhex(sign)
    if prefix != "jbk1" or digest(line + sign)[:4].hex() != check.lower():
        raise ValueError("not a public key line")
    return line, sign


def verify_claim(sign_public, claim, signature):
    try:
        nacl.signing.VerifyKey(sign_public).verify(signed_bytes(claim), signature)
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False
    return True


def seal(key, nonce, plain, case_no):
    box = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, b"%019d" % case_no, nonce, key)
    return digest(key)[:16] + nonce + box


def unseal(key, sealed, case_no):
    if sealed[:16] != digest(key)[:16]:
        raise ValueError("sealed under another key")
    return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
        sealed[40:], b"%019d" % case_no, sealed[16:40], key)


def check_digit(digits):
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


def case_number(date, node, count):
    """date: "20261123"."""
    digits = f"{date}{node:05}{count:05}"
    return int(f"{digits}{check_digit(digits)}")
