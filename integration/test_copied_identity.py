"""F24: two collectors with one identity and one spool; nothing acknowledged is lost or doubled.

About 20 s.
"""

import time

from harness import oracle
from harness.client import wait_for
from harness.load import Book, Load, make_event, post_events
from harness.programs import metric
from harness.uuid7 import UUID7Source

import random


def test_a_copied_collector_loses_and_doubles_nothing(house, seed):
    aggregator, original = house.pair()
    book = Book()
    with Load(original.host, original.port, aggregator.write_key, threads=2, seed=seed, book=book,
              pause=0.003):
        time.sleep(0.5)
    # A backlog stands in the copied spool: both will ship the same events.
    aggregator.terminate()
    randomness, ids = random.Random(seed), UUID7Source(seed)
    post_events(original.host, original.port, aggregator.write_key,
                [make_event(ids, randomness) for _ in range(500)], book)
    original.terminate()
    copy = house.keep(original.copied_to(house.path("copy"), "copy"))
    aggregator.start()
    original.start()
    copy.start()
    with Load(original.host, original.port, aggregator.write_key, threads=2, seed=seed + 1,
              book=book, pause=0.003), \
         Load(copy.host, copy.port, aggregator.write_key, threads=2, seed=seed + 2, book=book,
              pause=0.003):
        time.sleep(4)
    assert set(book.statuses) <= {200, 503}, book.counts()
    oracle.check(aggregator, book, timeout=90, context=f"seed {seed}:")
    assert original.is_running and copy.is_running
    # One of them met a 409; the other one heard of it in a hello, at the latest after its next start.
    assert metric(aggregator.metrics(), "tributary_forked_epochs_total") >= 1
    for one in (original, copy):
        rotations = metric(one.metrics(), "tributary_epoch_rotations_total")
        if not rotations:
            one.restart()
            wait_for(lambda: metric(one.metrics(), "tributary_epoch_rotations_total"), 15,
                     what="a new epoch")


def test_a_collector_set_back_to_an_older_copy_loses_and_doubles_nothing(house, seed):
    """A restored snapshot of the collector's folder: the same numbers, other events."""
    aggregator, original = house.pair()
    book, randomness, ids = Book(), random.Random(seed), UUID7Source(seed)

    def send(collector, count):
        post_events(collector.host, collector.port, aggregator.write_key,
                    [make_event(ids, randomness) for _ in range(count)], book, per_request=20)

    send(original, 200)
    original.terminate()
    older = house.keep(original.copied_to(house.path("older"), "older"))
    original.start()
    send(original, 300)
    oracle.check(aggregator, book, timeout=30)
    original.terminate()
    older.start()
    send(older, 300)
    oracle.check(aggregator, book, timeout=90, context=f"seed {seed}:")
