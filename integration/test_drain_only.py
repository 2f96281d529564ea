"""S6: after the third failed write in ten minutes a collector takes nothing in and ships what it has.

About 5 s.
"""

import random

from harness import oracle
from harness.client import BadResponse, wait_for
from harness.load import Book, make_event, post_events
from harness.sick_disk import SickDisk
from harness.uuid7 import UUID7Source


def fail_once(collector, disk, key, event, book):
    """Has the disk fail under one event, which may be there later or not, and waits for the end."""
    book.note_sent([event["event_id"]])
    disk.fail()
    try:
        assert collector.post("/api/v1/events", [event], key=key).status == 503
    except (OSError, BadResponse):
        pass
    assert collector.process.wait(10) == 74, collector.log_tail()
    disk.be_well()


def spool_part(collector):
    return collector.get("/health").json()["dependencies"]["spool"]


def test_a_disk_that_fails_again_and_again_is_written_to_no_more_than_shipping_needs(
        house, seed, tmp_path):
    disk = SickDisk(tmp_path)
    aggregator, collector = house.pair(environment=disk.environment)
    aggregator.terminate()
    randomness, ids, book = random.Random(seed), UUID7Source(seed), Book()
    key = aggregator.write_key

    def post(count):
        events = [make_event(ids, randomness) for _ in range(count)]
        post_events(collector.host, collector.port, key, events, book, 10)

    # Two failures are not enough, and kills are none.
    for _ in range(2):
        post(20)
        fail_once(collector, disk, key, make_event(ids, randomness), book)
        collector.start()
        collector.kill()
        collector.start()
    post(20)
    assert spool_part(collector)["status"] == "ok"
    fail_once(collector, disk, key, make_event(ids, randomness), book)
    # Three are, and a kill changes nothing.
    for _ in range(2):
        collector.start(wait=False)
        wait_for(lambda: collector.get("/health/live").status == 200, 10)
        response = collector.post("/api/v1/events", [{"event_name": "more"}], key=key)
        assert response.status == 503 and response.json()["code"] == "spool_draining", response
        assert response.headers["retry-after"]
        part = spool_part(collector)
        assert part["status"] == "failed" and "shipped" in part["detail"]
        assert collector.get("/health/ready").status == 503
        collector.kill()
    collector.start(wait=False)
    aggregator.start()
    oracle.check(aggregator, book, timeout=30, context=f"seed {seed}:")
    # A stop in good order says that everything could be written.
    collector.terminate()
    collector.start()
    assert spool_part(collector)["status"] == "ok"
    post(1)
    oracle.check(aggregator, book, timeout=30, context=f"seed {seed}:")
