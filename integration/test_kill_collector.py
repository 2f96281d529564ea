"""F01: the collector is killed at random instants under load; what it acknowledged arrives once.

About 50 s with 50 kills; TRIBUTARY_KILLS=1000 on demand.
"""

import os
import random
import time

from harness import oracle
from harness.load import Load

KILLS = int(os.environ.get("TRIBUTARY_KILLS", 50))


def test_kills_under_load_lose_and_double_nothing(pair, seed):
    aggregator, collector = pair
    randomness = random.Random(seed)
    # A pause between requests keeps the books small enough to compare one by one.
    load = Load(collector.host, collector.port, aggregator.write_key, threads=4, seed=seed,
                pause=0.002, timeout=3, giving_up=40)
    acknowledged_at_kill = []
    with load:
        for _ in range(KILLS):
            time.sleep(randomness.random() * 0.3)
            collector.kill()
            acknowledged_at_kill.append(len(load.book.acknowledged))
            collector.start()
        time.sleep(0.5)
    counts = load.book.counts()
    # The load has to have been real: something was acknowledged between most of the kills.
    moved = sum(b > a for a, b in zip(acknowledged_at_kill, acknowledged_at_kill[1:]))
    assert moved > (KILLS - 1) * 0.6, (moved, counts)
    assert max(collector.ready_seconds) < 5, collector.ready_seconds
    verdict = oracle.check(aggregator, load.book, timeout=60, context=f"seed {seed}:")
    print(f"{KILLS} kills, {counts}, stored {verdict.listed}, "
          f"slowest start {max(collector.ready_seconds):.2f} s")


def test_kills_while_the_aggregator_is_away_lose_nothing(pair, seed):
    """The backlog itself survives: nothing is shipped between the kills, everything afterwards."""
    aggregator, collector = pair
    randomness = random.Random(seed)
    aggregator.terminate()
    with Load(collector.host, collector.port, aggregator.write_key, threads=4, seed=seed,
              pause=0.002, timeout=3, giving_up=40) as load:
        for _ in range(max(5, KILLS // 5)):
            time.sleep(randomness.random() * 0.3)
            collector.kill()
            collector.start()
        time.sleep(0.2)
    collector.kill()
    aggregator.start()
    collector.start()
    assert load.book.counts()["acknowledged"] > 100
    oracle.check(aggregator, load.book, timeout=60, context=f"seed {seed}:")


def test_a_stop_signal_ends_within_its_deadline_and_loses_nothing(pair, seed):
    aggregator, collector = pair
    for round in range(5):
        with Load(collector.host, collector.port, aggregator.write_key, threads=3,
                  seed=seed + round, timeout=3, pause=0.002) as load:
            time.sleep(0.3)
            started = time.monotonic()
            assert collector.terminate(timeout=8) == 0
            assert time.monotonic() - started < 6
            collector.start()
            time.sleep(0.1)
        book = load.book if round == 0 else merge(book, load.book)
    oracle.check(aggregator, book, timeout=30, context=f"seed {seed}:")


def merge(book, other):
    book.sent |= other.sent
    book.acknowledged |= other.acknowledged
    return book
