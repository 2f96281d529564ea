#!/usr/bin/env python3
"""Writes DeflateFixtures.swift: streams of zlib's own making, and zlib's verdict on their mutations.

    python3 Tests/CompressionTests/Fixtures/generate.py > Tests/CompressionTests/DeflateFixtures.swift

The plain bytes are not kept, only their count and CRC-32. For a small stream the verdicts are kept
too: for each single flipped bit whether zlib refuses it (0), finds it incomplete (1), or reads it
(2 + the plain bytes' CRC-32), all of them hashed into one CRC-32. That of a bare stream counts what
follows its end as refused, since a body may not go on behind it.
"""
import base64, gzip, io, random, struct, zlib

random.seed(20261120)


def words(count):
    vocabulary = ["track", "page", "event", "user", '"ts":', "1700000", "{}", ",", "screen", "é", "\n"]
    return "".join(random.choice(vocabulary) for _ in range(count)).encode()


def plains():
    yield "empty", b""
    yield "one", b"a"
    yield "zeros", bytes(1000)
    yield "text", words(400)
    yield "noise", random.randbytes(600)
    yield "skewed", bytes(min(255, int(random.expovariate(0.05))) for _ in range(3000))
    yield "long", words(20000)
    yield "far", random.randbytes(200) + bytes(32500) + random.randbytes(68) + words(20)
    block = random.randbytes(32768)
    yield "window", block[:700] + bytes(32768 - 700) + block[:700]


def raw(plain, level=6, strategy=zlib.Z_DEFAULT_STRATEGY, flush=None, memory=8):
    packer = zlib.compressobj(level, zlib.DEFLATED, -15, memory, strategy)
    if flush is None:
        return packer.compress(plain) + packer.flush()
    out = b""
    for start in range(0, len(plain), 100):
        out += packer.compress(plain[start:start + 100]) + packer.flush(flush)
    return out + packer.flush()


def fibonacci_codes():
    """Symbols as frequent as the Fibonacci numbers: codes of up to 15 bits, so second tables."""
    counts, a, b = [], 1, 1
    for _ in range(20):
        counts.append(a)
        a, b = b, a + b
    data = b"".join(bytes([i * 7 % 256]) * c for i, c in enumerate(counts))
    mixed = bytearray(data)
    random.shuffle(mixed)
    return bytes(mixed)


def gzip_with(plain, flags=0, extra=b"", name=b"", comment=b""):
    head = bytes([0x1F, 0x8B, 8, flags, 1, 2, 3, 4, 0, 3])
    if flags & 4:
        head += struct.pack("<H", len(extra)) + extra
    if flags & 8:
        head += name + b"\0"
    if flags & 16:
        head += comment + b"\0"
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    return head + raw(plain) + struct.pack("<II", zlib.crc32(plain), len(plain))


def verdict(kind, data):
    """What zlib says to the whole of `data` as a body."""
    bits = {"bare": -15, "zlib": 15, "gzip": 31}[kind]
    plain = b""
    while True:
        reader = zlib.decompressobj(bits)
        try:
            plain += reader.decompress(data, 1 << 20)
        except zlib.error:
            return 0
        if not reader.eof:
            return 1
        data = reader.unused_data
        if not data:
            return 2 + zlib.crc32(plain)
        if kind != "gzip":
            return 0


def mutations(kind, data):
    crc = 0
    # A zlib header that is none makes a bare stream of the rest, for us.
    for bit in range(16 if kind == "zlib" else 0, len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        crc = zlib.crc32(struct.pack("<Q", verdict(kind, bytes(changed))), crc)
    return crc


def fixtures():
    for name, plain in plains():
        is_large = name in ("long", "far", "window")
        for level in range(10) if name == "text" else (1, 6, 9) if is_large else (0, 1, 6, 9):
            yield f"{name} level {level}", "bare", raw(plain, level), plain
    text = words(300)
    yield "fixed codes", "bare", raw(text, 6, zlib.Z_FIXED), text
    yield "Huffman only", "bare", raw(text, 6, zlib.Z_HUFFMAN_ONLY), text
    yield "run lengths", "bare", raw(bytes(500) + text + b"\1" * 300, 6, zlib.Z_RLE), \
        bytes(500) + text + b"\1" * 300
    yield "synced", "bare", raw(text, 6, flush=zlib.Z_SYNC_FLUSH), text
    yield "flushed", "bare", raw(text, 9, flush=zlib.Z_FULL_FLUSH), text
    yield "little memory", "bare", raw(text * 3, 6, memory=1), text * 3
    deep = fibonacci_codes()
    yield "long codes", "bare", raw(deep, 6, zlib.Z_HUFFMAN_ONLY), deep
    for level in (0, 1, 9):
        yield f"zlib level {level}", "zlib", zlib.compress(text, level), text
    packer = zlib.compressobj(9, zlib.DEFLATED, 9)
    yield "zlib small window", "zlib", packer.compress(text) + packer.flush(), text
    yield "gzip", "gzip", gzip.compress(text, mtime=0), text
    yield "gzip of nothing", "gzip", gzip.compress(b"", mtime=0), b""
    for flags in range(32):
        yield f"gzip flags {flags}", "gzip", gzip_with(
            text[:40], flags, b"AB\4\0\1\2\3\4", b"na\xefve.txt", b"a comment"), text[:40]
    yield "gzip empty fields", "gzip", gzip_with(text[:40], 31), text[:40]
    yield "gzip long extra", "gzip", gzip_with(text[:40], 4, bytes(1000)), text[:40]
    yield "gzip members", "gzip", gzip.compress(text, mtime=0) + gzip_with(b"", 31, b"x" * 9) \
        + gzip_with(text[5:], 8, name=b"n"), text + text[5:]


print("// Written by Fixtures/generate.py; not for editing.")
print("// swift-format-ignore-file")
print()
print("import Testing")
print()
print("struct DeflateFixture: Sendable, CustomTestStringConvertible {")
print("  enum Kind: Sendable { case bare, zlib, gzip }")
print("  let name: String, kind: Kind, count: Int, crc: UInt32, mutations: UInt32?, base64: String")
print("  var testDescription: String { name }")
print()
print("  static let all = [")
for name, kind, data, plain in fixtures():
    assert verdict(kind, data) == 2 + zlib.crc32(plain), name
    marks = str(mutations(kind, data)) if len(data) < 1500 else "nil"
    print(f'    DeflateFixture(name: "{name}", kind: .{kind}, count: {len(plain)}, '
          f'crc: {zlib.crc32(plain)}, mutations: {marks},')
    print(f'      base64: "{base64.b64encode(data).decode()}"),')
print("  ]")
print("}")
