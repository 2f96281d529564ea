"""F06 on the aggregator: a flipped bit in a stored batch costs that batch, is said, and nothing else.

About 5 s.
"""

import os
import sqlite3

import pytest

from harness import oracle
from harness.programs import metric


def stored(path):
    """The stored batches by number, read beside the (stopped) aggregator."""
    with sqlite3.connect(f"file:{path}?immutable=1", uri=True) as database:
        return dict(database.execute("SELECT number, bytes FROM hot_batch"))


def flip_in_batch(path, number, where):
    """Flips one bit of a stored batch in the database's file; `where` is a share of its length."""
    body = stored(path)[number]
    place = int((len(body) - 1) * where)
    with open(path, "r+b") as file:
        content, offsets = file.read(), set()
        # The batch lies there in pieces, and parts of it also in the unused space of a page.
        for start in (max(0, place - 15), max(0, place - 7), place):
            at = content.find(body[start:start + 16])
            while at >= 0:
                offsets.add(at + place - start)
                at = content.find(body[start:start + 16], at + 1)
        assert offsets, "the batch was not found in the file"
        for offset in offsets:
            file.seek(offset)
            file.write(bytes([content[offset] ^ 0x10]))


def said(aggregator, words):
    return [record for record in aggregator.log_records() if words in str(record.get("message"))]


@pytest.mark.parametrize("where", [0.05, 0.5, 0.97])
def test_a_flipped_bit_in_a_stored_batch_is_named_and_the_rest_works(house, where):
    aggregator = house.aggregator()
    sent = {}
    for number in (1, 2, 3):
        events = [{"event_name": "stored", "properties": {"n": n, "text": os.urandom(300).hex()}}
                  for n in range(number * 10)]
        answer = aggregator.post("/api/v1/events", events)
        assert answer.status == 200, answer
        sent[number] = answer.json()["event_ids"]
    aggregator.terminate()
    flip_in_batch(os.path.join(aggregator.data, "store.db"), 2, where)

    for _ in range(2):  # It is remembered at the next start.
        aggregator.start()
        for path in ("/health", "/api/v1/health"):
            health = aggregator.get(path)
            assert health.status == 200, health
            part = health.json()["dependencies"]["stored_batches"]
            assert health.json()["status"] == "degraded" and part["status"] == "degraded"
            assert "20 events" in part["detail"] and "(2)" in part["detail"], part
        metrics = aggregator.metrics()
        assert metric(metrics, "tributary_unreadable_batches") == 1
        assert metric(metrics, "tributary_unreadable_events") == 20
        assert oracle.stored_ids(aggregator).keys() == {*sent[1], *sent[3]}
        assert oracle.total(aggregator) == 40
        assert not oracle.find(aggregator, sent[2][0])
        aggregator.terminate()
    [line, _] = said(aggregator, "a stored batch cannot be read")
    assert line["batch"] == "2" and line["level"] == "error", line

    # An event of it that comes again counts once, and nothing that was there counts twice.
    aggregator.start()
    again = [{"event_name": "stored", "event_id": one} for one in (sent[2][0], sent[1][0])]
    for _ in range(2):
        assert aggregator.post("/api/v1/events", again).status == 200
    listed = oracle.stored_ids(aggregator)
    assert listed.keys() == {*sent[1], *sent[3], sent[2][0]} and max(listed.values()) == 1
    assert oracle.total(aggregator) == 41
    aggregator.terminate()
    assert stored(os.path.join(aggregator.data, "store.db")).keys() == {1, 2, 3, 4}
