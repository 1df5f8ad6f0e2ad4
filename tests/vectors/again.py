#!/usr/bin/env python3
"""Computes again.json: X, ROOM and SECRET of PROTOCOL.md section 8, "Meeting again".

Written from the protocol, with Python's standard library alone: X25519 by the formulas of
RFC 7748 section 5, HKDF by RFC 5869. Run it as `python3 again.py > again.json`.
"""

import hashlib
import hmac
import json

P = 2**255 - 19


def x25519(k: bytes, u: bytes) -> bytes:
    """RFC 7748 section 5, the Montgomery ladder."""
    scalar = bytearray(k)
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    bits = int.from_bytes(scalar, "little")
    x1 = int.from_bytes(u, "little") % 2**255
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = bits >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def lv(x: bytes) -> bytes:
    return len(x).to_bytes(2, "big") + x


def extract(salt: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt, ikm, "sha256")


def expand32(prk: bytes, info: bytes) -> bytes:
    """The first block of RFC 5869 section 2.3, which is all of 32 bytes."""
    return hmac.digest(prk, info + b"\x01", "sha256")


def case(s_1: bytes, s_2: bytes, room: str, day: int) -> dict[str, object]:
    base = (9).to_bytes(32, "little")
    p_1, p_2 = x25519(s_1, base), x25519(s_2, base)
    shared = x25519(s_1, p_2)
    assert shared == x25519(s_2, p_1)
    tag = hashlib.sha256(lv(b"undertone/1 room") + lv(room.encode())).digest()
    info = lv(b"undertone/1 again") + min(p_1, p_2) + max(p_1, p_2)
    x = expand32(extract(bytes(32), shared), info)
    context = day.to_bytes(4, "big") + tag
    fields = {
        "s_1": s_1,
        "s_2": s_2,
        "tag": tag,
        "x": x,
        "room": expand32(x, lv(b"undertone/1 again room") + context),
        "secret": expand32(x, lv(b"undertone/1 again secret") + context),
    }
    return {"in_room": room, "day": day} | {k: v.hex() for k, v in fields.items()}


# The key pairs of RFC 7748 section 6.1.
ALICE = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
BOB = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")

if __name__ == "__main__":
    cases = [
        case(ALICE, BOB, "lab", 20_785),
        case(ALICE, BOB, "lab", 20_786),
        case(BOB, ALICE, "amber-falcon", 0),
        case(bytes(range(32)), bytes([0xFF] * 32), "café", 2**32 - 1),
    ]
    print(json.dumps(cases, indent=2, ensure_ascii=False))
