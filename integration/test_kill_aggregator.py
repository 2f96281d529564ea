"""F02: the aggregator is killed at random instants under load, through the pair and directly.

About 70 s with 50 kills; TRIBUTARY_KILLS=1000 on demand.
"""

import os
import random
import time

from harness import oracle
from harness.load import Book, Load

KILLS = int(os.environ.get("TRIBUTARY_KILLS", 50))


def test_kills_under_load_lose_and_double_nothing(pair, seed):
    aggregator, collector = pair
    randomness = random.Random(seed)
    book = Book()
    # Half of the load goes through the collector, half straight to the aggregator's own dialects.
    through = Load(collector.host, collector.port, aggregator.write_key, threads=2, seed=seed,
                   book=book, pause=0.002, timeout=3, giving_up=40)
    direct = Load("127.0.0.1", aggregator.port, aggregator.write_key, threads=2, seed=seed + 1,
                  book=book, pause=0.002, timeout=3, giving_up=40)
    with through, direct:
        for _ in range(KILLS):
            time.sleep(randomness.random() * 0.4)
            aggregator.kill()
            aggregator.start()
        time.sleep(0.5)
    counts = book.counts()
    assert counts["failures"] > 0 and counts["acknowledged"] > KILLS * 10, counts
    assert collector.is_running
    assert max(aggregator.ready_seconds) < 5, aggregator.ready_seconds
    verdict = oracle.check(aggregator, book, timeout=90, context=f"seed {seed}:")
    print(f"{KILLS} kills, {counts}, stored {verdict.listed}, "
          f"slowest start {max(aggregator.ready_seconds):.2f} s")


def test_both_killed_at_once_lose_and_double_nothing(pair, seed):
    aggregator, collector = pair
    randomness = random.Random(seed)
    with Load(collector.host, collector.port, aggregator.write_key, threads=4, seed=seed,
              pause=0.002, timeout=3, giving_up=40) as load:
        for _ in range(max(5, KILLS // 5)):
            time.sleep(randomness.random() * 0.3)
            victims = randomness.choice([(aggregator, collector), (collector, aggregator)])
            for victim in victims:
                victim.kill()
                time.sleep(randomness.random() * 0.02)
            for victim in victims:
                victim.start()
        time.sleep(0.3)
    oracle.check(aggregator, load.book, timeout=60, context=f"seed {seed}:")


def test_intake_goes_on_while_the_aggregator_is_away(pair, seed):
    aggregator, collector = pair
    with Load(collector.host, collector.port, aggregator.write_key, threads=2, seed=seed,
              pause=0.005) as load:
        time.sleep(0.3)
        aggregator.terminate()
        before = len(load.book.acknowledged)
        time.sleep(1.0)
        assert len(load.book.acknowledged) > before + 20
        assert load.book.counts()["failures"] == 0
        aggregator.start()
        time.sleep(0.2)
    assert set(load.book.statuses) == {200}
    oracle.check(aggregator, load.book, timeout=60, context=f"seed {seed}:")


def test_answers_after_a_restart_are_the_answers_before_it(pair, seed):
    aggregator, collector = pair
    with Load(collector.host, collector.port, aggregator.write_key, threads=2, seed=seed) as load:
        time.sleep(0.5)
    oracle.check(aggregator, load.book, timeout=30)
    questions = ["/api/v1/events?limit=1000", "/api/v1/events/stats",
                 "/api/v1/stats/events?group_by=event_type", "/api/v1/events/user/user_7"]
    before = [aggregator.ask(question).body for question in questions]
    aggregator.kill()
    aggregator.start()
    assert [aggregator.ask(question).body for question in questions] == before
