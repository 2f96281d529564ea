"""What is sealed into packs is in every answer once, whenever the aggregator is killed.

About 40 s with 20 kills; TRIBUTARY_KILLS=1000 on demand.
"""

import os
import random
import time
from pathlib import Path

from harness import oracle
from harness.load import Book, Load

KILLS = int(os.environ.get("TRIBUTARY_KILLS", 20))
# Small enough that a seal is nearly always under way.
SEALED_AT = {"TRIBUTARY_HOT__SEAL_EVENTS": "150"}


def sealing_pair(house):
    aggregator, collector = house.pair()
    aggregator.terminate()
    aggregator.environment = aggregator.environment | SEALED_AT
    aggregator.start()
    return aggregator, collector


def metric(aggregator, name):
    for line in aggregator.ask("/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return 0.0


def test_kills_while_sealing_lose_and_double_nothing(house, seed):
    aggregator, collector = sealing_pair(house)
    randomness = random.Random(seed)
    book = Book()
    through = Load(collector.host, collector.port, aggregator.write_key, threads=2, seed=seed,
                   book=book, pause=0.002, timeout=3, giving_up=40)
    direct = Load("127.0.0.1", aggregator.port, aggregator.write_key, threads=2, seed=seed + 1,
                  book=book, pause=0.002, timeout=3, giving_up=40)
    with through, direct:
        for _ in range(KILLS):
            time.sleep(0.1 + randomness.random() * 0.5)
            aggregator.kill()
            aggregator.start()
        time.sleep(0.5)
    assert max(aggregator.ready_seconds) < 5, aggregator.ready_seconds
    verdict = oracle.check(aggregator, book, timeout=90, context=f"seed {seed}:")
    packs = [p for p in (Path(aggregator.data) / "packs").iterdir() if p.suffix == ".pack"]
    assert len(packs) > KILLS // 4, packs
    assert metric(aggregator, "tributary_sealed_events") > 0
    print(f"{KILLS} kills, {len(packs)} packs, stored {verdict.listed}")


def test_a_missing_pack_is_named_and_the_rest_is_answered(house, seed):
    aggregator, collector = sealing_pair(house)
    with Load(collector.host, collector.port, aggregator.write_key, threads=2, seed=seed) as load:
        time.sleep(1.5)
    oracle.check(aggregator, load.book, timeout=30)
    total = oracle.total(aggregator)
    aggregator.terminate()
    packs = sorted((Path(aggregator.data) / "packs").glob("*.pack"), key=lambda p: int(p.stem))
    assert packs
    away = packs[0].rename(packs[0].with_suffix(".away"))
    aggregator.start()
    health = aggregator.ask("/health").json()
    assert "packs cannot be read (1)" in str(health), health
    assert 0 < oracle.total(aggregator) < total
    # Copied back, everything is there again.
    aggregator.terminate()
    away.rename(packs[0])
    aggregator.start()
    assert oracle.total(aggregator) == total
    assert "packs cannot be read" not in str(aggregator.ask("/health").json())
