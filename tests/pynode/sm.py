"""SM3 (GB/T 32905) and SM2 signatures (GB/T 32918.2, curve sm2p256v1) in plain Python, for tests: slow,
and not safe against somebody who measures time. A public key of the network is the x coordinate of a
point with even y."""
import os
import struct

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
     0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)
IDENTITY = b"1234567812345678"
MASK = 0xFFFFFFFF


def rotate(x, n):
    n %= 32
    return (x << n | x >> (32 - n)) & MASK


def _compress(v, block):
    w = list(struct.unpack(">16I", block))
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15)
        w.append(x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = v
    for j in range(64):
        t = 0x79CC4519 if j < 16 else 0x7A879D8A
        ss1 = rotate((rotate(a, 12) + e + rotate(t, j)) & MASK, 7)
        ss2 = ss1 ^ rotate(a, 12)
        ff = a ^ b ^ c if j < 16 else a & b | a & c | b & c
        gg = e ^ f ^ g if j < 16 else e & f | ~e & MASK & g
        tt1 = (ff + d + ss2 + (w[j] ^ w[j + 4])) & MASK
        tt2 = (gg + h + ss1 + w[j]) & MASK
        a, b, c, d = tt1, a, rotate(b, 9), c
        e, f, g, h = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17), e, rotate(f, 19), g
    return [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h))]


def sm3(data):
    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack(">Q", 8 * len(data))
    for i in range(0, len(padded), 64):
        v = _compress(v, padded[i:i + 64])
    return struct.pack(">8I", *v)


# ---- the curve; None is the point at infinity

def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = (3 * p[0] * p[0] + A) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def multiply(k, p):
    total = None
    while k:
        if k & 1:
            total = add(total, p)
        p = add(p, p)
        k >>= 1
    return total


def point(public_x):
    """The point of a public key; ValueError when there is none."""
    x = int.from_bytes(public_x, "big")
    square = (x * x * x + A * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if x >= P or y * y % P != square:
        raise ValueError("no point of the curve")
    return x, y if y % 2 == 0 else P - y


def _bytes(number):
    return number.to_bytes(32, "big")


def digest_of(public, message):
    """e of the standard: SM3(Z || message)."""
    z = sm3(struct.pack(">H", 8 * len(IDENTITY)) + IDENTITY +
            b"".join(_bytes(n) for n in (A, B, *G, *public)))
    return int.from_bytes(sm3(z + message), "big")


def generate(seed=None):
    """(secret, x), both 32 bytes, with even y. A seed makes it repeatable."""
    d = int.from_bytes(seed or os.urandom(40), "big") % (N - 2) + 1
    x, y = multiply(d, G)
    return _bytes(d if y % 2 == 0 else N - d), _bytes(x)


def sign(secret, message, k=None):
    """r || s. Give k only to make a test vector."""
    d = int.from_bytes(secret, "big")
    e = digest_of(multiply(d, G), message)
    while True:
        nonce = k or int.from_bytes(os.urandom(40), "big") % (N - 1) + 1
        r = (e + multiply(nonce, G)[0]) % N
        s = pow(1 + d, -1, N) * (nonce - r * d) % N
        if r and s and r + nonce != N:
            return _bytes(r) + _bytes(s)


def verify_point(public, message, signature):
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    t = (r + s) % N
    if len(signature) != 64 or not 0 < r < N or not 0 < s < N or t == 0:
        return False
    found = add(multiply(s, G), multiply(t, public))
    return found is not None and (digest_of(public, message) + found[0]) % N == r


def verify(public_x, message, signature):
    try:
        return verify_point(point(public_x), message, signature)
    except ValueError:
        return False
