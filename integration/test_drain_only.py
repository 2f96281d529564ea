"""S6: after the third failed write in ten minutes a collector takes nothing in and ships what it has.

A disk that fails cannot be had everywhere, so the file that remembers failures is written here, as the
program would have. About 5 s.
"""

import os
import struct
import time

from harness import oracle
from harness.client import wait_for
from harness.load import Book, make_event, post_events
from harness.uuid7 import UUID7Source

import random


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def remember_failures(collector, ages):
    """As many failed writes as there are ages, in seconds."""
    path = os.path.join(collector.data, "spool", "spool.failures")
    assert os.path.getsize(path) == 2 * 512
    with open(path, "r+b") as file:
        # The newer of two slots counts; each was written at the start.
        serial = 1 + max(struct.unpack("<8xQ", file.read(512)[:16])[0] for _ in range(2))
        times = [int((time.time() - age) * 1000) for age in ages]
        record = struct.pack("<8sQ8q", b"TRBFENDS", serial, *times, *[0] * (8 - len(times)))
        file.seek(serial % 2 * 512)
        file.write((record + struct.pack("<I", crc32c(record))).ljust(512, b"\0"))


def spool_part(collector):
    return collector.get("/health").json()["dependencies"]["spool"]


def test_a_disk_that_fails_again_and_again_is_written_to_no_more_than_shipping_needs(house, seed):
    aggregator, collector = house.pair()
    aggregator.terminate()
    randomness, ids, book = random.Random(seed), UUID7Source(seed), Book()
    post_events(collector.host, collector.port, aggregator.write_key,
                [make_event(ids, randomness) for _ in range(50)], book, 10)
    event = [{"event_name": "more"}]
    # Two are not enough.
    collector.kill()
    remember_failures(collector, [300, 20])
    collector.start()
    # Three are, and a kill changes nothing.
    for _ in range(2):
        collector.kill()
        remember_failures(collector, [300, 20, 10])
        collector.start(wait=False)
        wait_for(lambda: collector.get("/health/live").status == 200, 10)
        response = collector.post("/api/v1/events", event, key=aggregator.write_key)
        assert response.status == 503 and response.json()["code"] == "spool_draining", response
        assert response.headers["retry-after"]
        assert spool_part(collector)["status"] == "failed" and "shipped" in spool_part(collector)["detail"]
        assert collector.get("/health/ready").status == 503
    aggregator.start()
    oracle.check(aggregator, book, timeout=30, context=f"seed {seed}:")
    collector.terminate()
    collector.start()
    assert spool_part(collector)["status"] == "ok"
    assert collector.post("/api/v1/events", event, key=aggregator.write_key).status == 200
