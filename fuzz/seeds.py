"""Writes the seeds that come of tests/vectors and of the documents: python3 fuzz/seeds.py"""

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
VECTORS = json.loads((ROOT / "tests/vectors/transcript.json").read_text())
INPUTS, OUTPUTS = VECTORS["inputs"], VECTORS["outputs"]


def out(name):
    return bytes.fromhex(OUTPUTS[name])


def name(text):
    return bytes([len(text)]) + text + bytes(64 - len(text))


def record(plain, sealed=True):
    return (len(plain) << 1 | sealed).to_bytes(2, "big") + plain


frames = [bytes.fromhex(frame) for frame in OUTPUTS["records"]]
payloads = [bytes.fromhex(each["payloads"]) for each in INPUTS["records"]]
four = bytes([1, 6, 192, 0, 2, 1]) + b"\x13\x88"
six = bytes([1, 18]) + bytes.fromhex("20010db8000000000000000000000001") + b"\x13\x88"
ice = bytes([3, 59]) + bytes(32) + b"\x04abcd0123456789abcdefghijkl"
key = bytes.fromhex(INPUTS["guest"]["identity"])
caps = bytes([1, 1, 0, 0, 0, 0])
keys = bytes([9] * 32) + out("encapsulation_key")
ciphertext = out("ciphertext")
text = b"\x84\x10\x01\x00\x62hi"
piece = bytes([0x84, 8, 1, 0, 0x43, 7, 7, 7])
credit = bytes([0x84, 9, 2, 0, 0x1A, 0, 0x40, 0, 0])
close = bytes([0x82, 10, 1])
offer = b"\x88\x18\x40\x01\x58\x20" + bytes([7] * 32) + b"\x01\x03\x65a.txt\x01\x18\x63"
compare = b"\x85\x18\x42\x03\x58\x20" + bytes([7] * 32) + b"\x1a\x00\x50\x00\x00\x1a\x00\x10\x00\x00"
hashes = b"\x84\x18\x43\x04\x58\x20" + bytes([7] * 32) + b"\x58\x20" + bytes([9] * 32)
paused = b"\x83\x18\x44\x05\x58\x20" + bytes([7] * 32)
outcome = b"\x84\x18\x41\x02\x58\x20" + bytes([7] * 32) + b"\x05"



def entry(depth, name, kind, size, extents=None):
    body = bytes([0x86 if extents else 0x85, depth, 0x60 | len(name)]) + name
    body += bytes([kind, size, 5])
    if extents:
        body += bytes([0x80 | len(extents), *extents])
    return len(body).to_bytes(2, "big") + body


def offered(*entries):
    """A list, and its data: of each entry and what follows it there."""
    names = b"".join(head for head, _ in entries)
    return len(names).to_bytes(2, "big") + names + b"".join(map(b"".join, entries))


def text32(text):
    return len(text).to_bytes(4, "big") + text


def calls(*all):
    """Of a page, none longer than 255 bytes."""
    return b"".join(bytes([len(call)]) + call for call in all)


def stun_request(attributes):
    transaction = bytes.fromhex("b7e7a701bc34d686fa87dfae")
    return b"\x00\x01" + len(attributes).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + transaction + attributes


folder = (entry(0, b"d", 0, 0), b"")
file = (entry(1, b"a.txt", 1, 5), b"hello\x00")

SEEDS = {
    "offer": [out("offer_a"), out("offer_b"), b"\x02" + out("offer_a")[1:]],
    "sealed": [
        b"\x00" + out("sealed_a"),
        b"\x01" + out("sealed_b"),
        b"\x02" + key + bytes(432),
        b"\x03" + key + bytes(32),
        b"\x04" + four + six,
        b"\x05" + six * 8 + ice + bytes([4, 0]) + bytes([5, 32]) + bytes(32),
        b"\x05" + six * 16 + bytes([240, 200]) + bytes(200),
        b"\x04" + four + bytes([200, 3, 1, 2, 3, 2, 6]) + bytes(6),
        b"\x04" + bytes([4, 0, 4, 0]),
        b"\x04" + bytes([240, 0] * 17),
    ],
    "confirm": [
        b"\x00" + out("confirm_b"),
        b"\x01" + out("confirm_a"),
        b"\x02" + caps + name(b"ada") + keys,
        b"\x03" + caps + name(b"bob") + ciphertext,
        b"\x02" + bytes([2, 1, 1, 1, 1, 1]) + name("ådä ".encode()) + keys + bytes(99),
        b"\x02" + caps + name(b"") + keys,
        b"\x02" + caps + name(b"x") + bytes(32) + bytes([255] * 1184),
        b"\x03" + bytes(6) + name(b"\xff") + ciphertext,
        b"\x03" + caps + bytes([65]) + bytes(64) + ciphertext,
    ],
    "header": [frame[4:44] for frame in frames[:3]],
    "knock": [out("knock"), out("knock")[:16]],
    "frame": [b"\x58" + b"".join(frames), b"\x00" + bytes(8), b"\x58" + frames[0][:60]],
    "payload": [
        *payloads,
        bytes([0x84, 6, 2, 0x42, 1, 2, 0x40]),
        bytes([0x83, 6, 4, 0x40]),
        piece + credit + close,
        bytes([0x85, 8, 1, 0, 0x40, 0xF5]),
        offer + outcome,
        compare + hashes,
        paused,
    ],
    "record": [
        b"".join(map(record, payloads)),
        record(frames[0][4:], sealed=False),
        record(text) + record(text) + record(b"\x81\x02\x81\x03"),
        record(b"\x84\x10\x02\x00\x62hi") + record(b"\x82\x01\x18\x63"),
        record(piece) + record(credit) + record(text) + record(close) + record(b"\x82\x0a\x02"),
        record(credit) + record(b"\x84\x09\x02\x05\x18\x64"),
        record(offer + outcome) + record(piece) + record(b"\x82\x0a\x03"),
    ],
    "room": [
        INPUTS["room"].encode() + b"#" + INPUTS["secret"].encode(),
        b"http://127.0.0.1:7700/#amber-falcon#cedar-otter",
        b"<https://[2001:db8::7]/#l%25ab#%c3%a9>",
        "Ⓐ\u200d-\u2019#\ufe0f".encode(),
        "招待：【ｈｔｔｐ：／／１０．０．０．７：７７００／＃ｄｅｎ＃ｏｔｔｅｒ】。".encode(),
        "»http://10.0.0.7?utm_source=a#den?b=c#otter&fbclid=d«, ja?".encode(),
        "１０．０．０．７：９／＃x".encode(),
    ],
    "list": [
        offered((entry(0, b"a", 1, 2), b"hi\x00")),
        offered(folder, file, (entry(1, b"b", 2, 9, [2, 3]), b"abc\x01")),
        offered(folder, (entry(1, b"s", 0, 0), b""), (entry(2, b"x", 1, 0), b"\x02"), (entry(1, b"z", 1, 0), b"\x00")),
        offered((entry(0, b"-", 3, 0), b"as long as it comes")),
        offered(folder, (entry(1, b"..", 0, 0), b"")),
        offered(folder, file) + b"more",
        offered(folder, file)[:-1],
        offered(folder, file, file),
    ],
    "name": [b"ada", "ada\u202e ".encode(), b"\x1b]52;c;aGk=\x07", b"e\xcc\x81\xcc\x81"],
    "proxy": [b"proxy.example:3128", b"socks5h://127.0.0.1", b"a@[::1]:1/", b"%zz@:0"],
    "peers": [
        line.encode()
        for line in (ROOT / "peers.txt.example").read_text().splitlines()
        if not line.startswith("#")
    ],
    # A room read, an attempt begun and met by an OFFER, a SEALED, streams, files; each call behind its length.
    "page": [
        calls(b"\x01" + text32(b"https://h.example/#lab#otter"), b"\x02", b"\x04\x01" + text32("a\u202e\n".encode())),
        calls(
            b"\x05" + text32(b"ada") + text32(b"lab#otter"),
            b"\x07",
            b"\x08A" + text32(out("offer_b")) + b"\x01" + bytes(32) + text32(b"uf") + text32(b"pw") + b"\x01" + text32(b"192.0.2.1:5"),
            b"\x0b\0\0\0\x01",
            b"\x0c\0\0\0\x01" + bytes(99),
            b"\x0d\0\0\0\x01",
            b"\x0e",
        ),
        calls(b"\x15" + text32(b"a") + bytes(16), b"\x0f" + bytes(8) + text32(b"hi"), b"\x13\x01", b"\x14"),
    ],
    # RFC 5769 §2.1, without what needs a key; the same bare, and with attributes of its own.
    "stun": [
        stun_request(bytes.fromhex("80220010") + b"STUN test client"),
        stun_request(b""),
        stun_request(bytes.fromhex("0003000400000006")),
        stun_request(bytes.fromhex("802200016100000080280004e57a3bcf")),
    ],
    "wire": [
        b'{"type":"join","v":1,"room":"' + b"A" * 43 + b'","offer":"AAAA"}',
        b'{"type":"paired","role":"host","offer":"AA","observed":"192.0.2.1:5","relay":true}',
        b'{"type":"error","code":"rate-limited","message":"later","retry_after":30}',
        b'{"type":"sealed","data":"AAAA"}',
    ],
    "files": [
        INPUTS["host"]["identity"].encode() + b"\n",
        b'{"name":"ada","room":"amber-falcon"}',
        b'name = "ada"\ntimeout = 60\nadvertise = ["203.0.113.7:40000"]\n',
        b'{"v":1,"contacts":[]}',
    ],
}

for target, seeds in SEEDS.items():
    folder = ROOT / "fuzz/seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / str(number)).write_bytes(seed)
