"""Sections 4, 11 and 13 of proto/PROTOCOL.md in Python: heads, statements, signatures, sealing,
ratings, query codes, case numbers. Shares no code with the project."""
import hashlib
import os
import struct

import nacl.bindings
import nacl.exceptions
import nacl.public
import nacl.signing

import sm

ED25519, SM2 = 1, 2  # suites
UP, DOWN_ACK, DOWN_HEAD = b"U", b"D", b"B"
QUERY_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def digest(data, suite=ED25519):
    return sm.sm3(data) if suite == SM2 else hashlib.blake2b(data, digest_size=32).digest()


def chain_start(node, epoch, suite=ED25519):
    return digest(b"jiaoban-chain-v1" + struct.pack(">I", node) + epoch, suite)


def chain_link(head, item_hash, suite=ED25519):
    return digest(head + item_hash, suite)


def chain_next(head, item, suite=ED25519):
    return chain_link(head, digest(item, suite), suite)


def statement(role, node, epoch, number, head):
    return role + struct.pack(">I", node) + epoch + struct.pack(">Q", number) + head


def signed_bytes(claim):
    return b"jiaoban-v1\0line\0" + claim


class Keys:
    """A node's two key pairs."""

    def __init__(self, line_secret=None, sign_seed=None, suite=ED25519):
        self.suite = suite
        self.line = nacl.public.PrivateKey(line_secret or os.urandom(32))
        if suite == SM2:
            self.sign_secret, self._sign_public = sm.generate(sign_seed)
        else:
            self.sign = nacl.signing.SigningKey(sign_seed or os.urandom(32))

    @property
    def line_public(self):
        return bytes(self.line.public_key)

    @property
    def sign_public(self):
        return self._sign_public if self.suite == SM2 else bytes(self.sign.verify_key)

    def public_line(self):
        both = self.line_public + self.sign_public
        return (f"jbk{self.suite}:{self.line_public.hex()}:{self.sign_public.hex()}:"
                f"{digest(both, self.suite)[:4].hex()}")

    def sign_bytes(self, data):
        if self.suite == SM2:
            return sm.sign(self.sign_secret, data)
        return self.sign.sign(data).signature

    def sign_claim(self, claim):
        return self.sign_bytes(signed_bytes(claim))


def parse_public_line(text):
    """(line key, signing key) of a public line; ValueError when it was copied wrongly."""
    suite = suite_of_line(text)
    _, line, sign, check = text.strip().split(":")
    line, sign = bytes.fromhex(line), bytes.fromhex(sign)
    if digest(line + sign, suite)[:4].hex() != check.lower():
        raise ValueError("not a public key line")
    return line, sign


def suite_of_line(text):
    suites = {"jbk1": ED25519, "jbk2": SM2}
    prefix = text.strip().split(":")[0]
    if prefix not in suites:
        raise ValueError("not a public key line")
    return suites[prefix]


def verify_claim(sign_public, claim, signature, suite=ED25519):
    if suite == SM2:
        return sm.verify(sign_public, signed_bytes(claim), signature)
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


def query_code_hash(code):
    """Of a code as people write it."""
    plain = code.upper().replace("-", "").replace(" ", "").translate(str.maketrans("ILO", "110"))
    if len(plain) != 12 or set(plain) - set(QUERY_ALPHABET):
        raise ValueError("not a query code")
    return hashlib.blake2b(plain.encode(), digest_size=32, key=b"jiaoban query code").digest()


def rating(case_no, party, satisfaction):
    return b"jbr1" + struct.pack(">QBB", case_no, party, satisfaction)


def seal_rating(broker_line, case_no, party, satisfaction):
    box = nacl.public.SealedBox(nacl.public.PublicKey(broker_line))
    return box.encrypt(rating(case_no, party, satisfaction))


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
