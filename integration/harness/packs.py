"""Reads packs by what Docs/formats says and by nothing else: that the documents are enough to do so.

Head, index, end and every checksum; and of each section its directory as far as the columns, and the
times of its rows. Small sections are zstd frames: the system's library unpacks them.
"""

import ctypes
import ctypes.util
import struct

COLUMNS = ("heads", "times", "receipts", "raw_rows", "raw_times", "sources", "person_highs",
           "person_lows", "person_rows", "ctx_rows", "rollup_cells", "rollup_counts")
BLOCK = 1024


def _table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC = _table()


def crc32c(data):
    """The checksum of Castagnoli, as in iSCSI."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _decompress(frame, size):
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    target = ctypes.create_string_buffer(size)
    count = library.ZSTD_decompress(target, ctypes.c_size_t(size), bytes(frame),
                                    ctypes.c_size_t(len(frame)))
    assert count == size, f"a frame of {count} bytes, not {size}"
    return target.raw


class Reader:
    """Numbers and texts from bytes, front to back."""

    def __init__(self, data):
        self.data, self.place = bytes(data), 0

    def take(self, count):
        assert self.place + count <= len(self.data), "the bytes end too early"
        self.place += count
        return self.data[self.place - count:self.place]

    def fixed(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def text(self):
        return self.take(self.varint()).decode()


class Pack:
    """A whole pack, its checksums compared."""

    def __init__(self, data):
        self.data = data
        head = Reader(data[:40])
        assert head.take(4) == b"TRPK", "no pack"
        self.version = head.fixed("H")
        assert self.version in (1, 2), f"version {self.version}"
        assert head.fixed("H") == 0
        self.store, self.number, self.generation = head.take(16), head.fixed("Q"), head.fixed("Q")
        self.index = self._index(data)

    def _index(self, data):
        end = Reader(data[-48:])
        place, count, checksum = end.fixed("Q"), end.fixed("I"), end.fixed("I")
        assert end.take(24) == data[:24], "head and end disagree"
        covered = data[-48:-8] + (data[24:40] if self.version >= 2 else b"")
        assert end.fixed("I") == crc32c(covered), "the checksum of the end"
        assert end.take(4) == b"KPRT" and place + count == len(data) - 48
        index = data[place:place + count]
        assert crc32c(index) == checksum, "the checksum of the index"
        reader = Reader(index)
        self.sealed = {reader.text(): reader.zigzag() for _ in range(reader.varint())}
        self.replaced = [reader.varint() for _ in range(reader.varint())]
        self.secrets = {reader.text(): reader.take(16) for _ in range(reader.varint())}
        self.sections = [Section(self, reader) for _ in range(reader.varint())]
        # What a merge has written says so.
        self.merged = None
        if reader.place < len(index):
            self.merged = (reader.varint(), reader.varint(), reader.varint(),
                           [reader.varint() for _ in range(reader.varint())])
        assert reader.place == len(index), "bytes behind the index"
        return index

    def stretch(self, place, count, checksum):
        data = self.data[place:place + count]
        assert len(data) == count and crc32c(data) == checksum, f"the checksum at byte {place}"
        return data


class Section:
    """One project's share of a window, in a pack."""

    def __init__(self, pack, index):
        self.project, self.window, self.rows = index.text(), index.zigzag(), index.varint()
        self.id_times = index.zigzag(), index.zigzag()
        self.is_packed = index.take(1) == b"\1"
        self.directory = pack.stretch(index.varint(), index.varint(), index.fixed("I"))
        place = index.varint()
        self.extents = []
        for _ in range(index.varint()):
            count, checksum = index.varint(), index.fixed("I")
            self.extents.append(pack.stretch(place, count, checksum))
            place += count
        if self.is_packed:
            self.extents = self._unpacked(self.extents[0])
        self._read(Reader(self.directory))

    @staticmethod
    def _unpacked(frame):
        reader = Reader(_decompress(frame[4:], struct.unpack("<I", frame[:4])[0]))
        extents = []
        while reader.place < len(reader.data):
            extents.append(reader.take(reader.varint()))
        return extents

    def _read(self, reader):
        assert reader.take(4) == b"TRSD"
        self.version = reader.fixed("H")
        assert self.version in (1, 2), f"version {self.version}"
        assert (reader.text(), reader.zigzag(), reader.varint()) == (
            self.project, self.window, self.rows)
        self.people_rows, self.people = reader.varint(), reader.varint()
        self.first_time, self.last_time = reader.zigzag(), reader.zigzag()
        assert (reader.zigzag(), reader.zigzag()) == self.id_times
        self.heads = []
        for _ in range(reader.varint()):
            kind, flags = reader.fixed("B"), reader.fixed("H")
            self.heads.append((kind, flags, reader.text(), reader.varint()))
        self.sources = [reader.text() for _ in range(reader.varint())]
        self.keys = [reader.text() for _ in range(reader.varint())]
        self.fields = [(reader.varint(), reader.fixed("B"), reader.varint())
                       for _ in range(reader.varint())]
        self.shapes = [[reader.varint() for _ in range(reader.varint())]
                       for _ in range(reader.varint())]
        self.columns = {name: self._place(reader) for name in COLUMNS}

    @staticmethod
    def _place(reader):
        head = reader.take(reader.varint())
        pieces = [tuple(reader.varint() for _ in range(4)) for _ in range(reader.varint())]
        return head, pieces

    def integers(self, name):
        """All values of a column of integers."""
        head, pieces = self.columns[name]
        kind, encoding, _, _, count, _ = struct.unpack("<BBBBII", head[:12])
        assert (kind, encoding) == (1, 1), "no column of integers"
        values = []
        for first, extent, offset, length in pieces:
            piece = self.extents[extent][offset:offset + length]
            start, blocks = struct.unpack("<II", piece[:8])
            assert start == first and len(values) == start * BLOCK
            ends = struct.unpack(f"<{blocks}I", piece[8:8 + 4 * blocks])
            begin = 8 + 4 * blocks
            for end in ends:
                values += _block(piece[begin:end], min(BLOCK, count - len(values)))
                begin = end
        assert len(values) == count
        return values


def _block(data, count):
    width, base = struct.unpack("<Bq", data[:9])
    packed = data[9:]
    if width == 0:
        return [base] * count
    if count < BLOCK:
        bits = int.from_bytes(packed, "little")
        return [base + (bits >> width * index & (1 << width) - 1) for index in range(count)]
    low = _lanes(packed, min(width, 32))
    if width <= 32:
        return [base + value for value in low]
    high = _lanes(packed[32 * 128:], width - 32)
    return [base + value + (above << 32) for value, above in zip(low, high)]


def _lanes(data, width):
    words = struct.unpack(f"<{width * 32}I", data[:width * 128])
    values = [0] * BLOCK
    for lane in range(32):
        bits = sum(words[word * 32 + lane] << 32 * word for word in range(width))
        for row in range(32):
            values[row * 32 + lane] = bits >> width * row & (1 << width) - 1
    return values
