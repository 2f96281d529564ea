"""Packs as somebody else would read them: by the documents alone (harness/packs.py)."""

import base64
import re
import time
from pathlib import Path

import pytest

from harness import oracle, packs
from harness.load import Load

GOLDEN = Path(__file__).parents[1] / "Tests" / "StoreTests" / "GoldenPack.swift"


def golden():
    text = re.search(r'"""\n(.*?)"""', GOLDEN.read_text(), re.S).group(1)
    return base64.b64decode("".join(text.replace("\\", "").split()))


def test_the_golden_pack_says_what_the_documents_say():
    pack = packs.Pack(golden())
    assert (pack.version, pack.number, pack.generation) == (2, 7, 9)
    assert set(pack.secrets) == {"acme", "other"} and pack.sealed == {"acme": 3, "other": 4}
    assert [section.project for section in pack.sections] == ["acme", "acme", "other"]
    for section in pack.sections:
        times = section.integers("times")
        assert len(times) == section.rows == sum(head[3] for head in section.heads)
        assert (min(times), max(times)) == (section.first_time, section.last_time)
        assert sum(section.integers("person_rows")) == section.people_rows
        assert sum(section.integers("rollup_counts")) == section.rows


def test_a_flipped_bit_is_seen():
    data = bytearray(golden())
    for place in range(0, len(data), 97):
        data[place] ^= 4
        with pytest.raises((AssertionError, UnicodeDecodeError)):
            packs.Pack(bytes(data))
        data[place] ^= 4
    packs.Pack(bytes(data))


def test_the_packs_of_a_program_have_every_event(house, seed):
    aggregator = house.aggregator(start=False)
    aggregator.environment = aggregator.environment | {"TRIBUTARY_HOT__SEAL_EVENTS": "2500"}
    aggregator.start()
    with Load("127.0.0.1", aggregator.port, aggregator.write_key, threads=4, seed=seed) as load:
        deadline = time.monotonic() + 60
        while not (found := list((Path(aggregator.data) / "packs").glob("*.pack"))):
            assert time.monotonic() < deadline
            time.sleep(0.2)
    oracle.check(aggregator, load.book, timeout=30)
    rows = 0
    for path in found:
        pack = packs.Pack(path.read_bytes())
        assert path.name == f"{pack.number}.pack"
        for section in pack.sections:
            assert len(section.integers("times")) == section.rows
            rows += section.rows
    assert rows >= 2500
