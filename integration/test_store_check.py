"""`store check`, alone and beside the running program: what is in order, and what is not.

Fifteen seconds or so; TRIBUTARY_FLIPS=500 flips more bits.
"""

import json
import os
import random
import sqlite3
import time
from pathlib import Path

from harness import oracle
from harness.load import Load
from harness.programs import run_tool

FLIPS = int(os.environ.get("TRIBUTARY_FLIPS", 12))
SEALED_AT = {"TRIBUTARY_HOT__SEAL_EVENTS": "150"}


def filled(house, seed, **environment):
    """An aggregator with some packs, and something hot."""
    aggregator = house.aggregator(start=False)
    aggregator.environment = aggregator.environment | SEALED_AT | environment
    aggregator.start()
    with Load("127.0.0.1", aggregator.port, aggregator.write_key, threads=2, seed=seed) as load:
        time.sleep(1.5)
    oracle.check(aggregator, load.book, timeout=30)
    return aggregator


def check(aggregator):
    result = run_tool("tributary-aggregator", "store", "check", "--data", aggregator.data, "--json")
    return result.returncode, json.loads(result.stdout)


def packs(aggregator):
    found = (Path(aggregator.data) / "packs").glob("*.pack")
    return sorted(found, key=lambda path: int(path.stem))


def flip(path, place, bit):
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1 << bit]))


def test_what_is_in_order_is_in_order_alone_and_beside_the_program(house, seed):
    aggregator = filled(house, seed)
    total = oracle.total(aggregator)
    code, beside = check(aggregator)
    assert (code, beside["damaged"], beside["findings"]) == (0, False, []), beside
    aggregator.terminate()
    code, alone = check(aggregator)
    assert (code, alone["findings"]) == (0, []), alone
    assert alone["packs"] == len(packs(aggregator)) and alone["packs"] > 0
    assert alone["events"] + alone["stored_events"] == total
    text = run_tool("tributary-aggregator", "store", "check", "--data", aggregator.data)
    assert text.returncode == 0 and "nothing is damaged" in text.stdout, text


def test_flipped_bits_are_found_and_named(house, seed):
    aggregator = filled(house, seed)
    aggregator.terminate()
    randomness = random.Random(seed)
    for _ in range(FLIPS):
        path = randomness.choice(packs(aggregator))
        place, bit = randomness.randrange(path.stat().st_size), randomness.randrange(8)
        flip(path, place, bit)
        code, report = check(aggregator)
        assert code == 1 and report["damaged"], (path, place, bit)
        assert {finding["pack"] for finding in report["findings"]} == {int(path.stem)}, report
        flip(path, place, bit)
    assert check(aggregator)[0] == 0


def test_packs_that_are_cut_missing_or_exchanged_are_named(house, seed):
    aggregator = filled(house, seed)
    aggregator.terminate()
    first, second = packs(aggregator)[:2]
    size = first.stat().st_size
    kept = first.read_bytes()
    os.truncate(first, size // 2)
    assert {f["pack"] for f in check(aggregator)[1]["findings"]} == {1}
    first.unlink()
    code, report = check(aggregator)
    assert code == 1 and report["findings"][0]["problem"] == "the file is missing", report
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    assert {f["pack"] for f in check(aggregator)[1]["findings"]} == {1, 2}


def test_damaged_stored_batches_are_named(house, seed):
    aggregator = filled(house, seed, TRIBUTARY_HOT__SEAL_EVENTS="1000000")
    aggregator.terminate()
    with sqlite3.connect(Path(aggregator.data) / "store.db") as database:
        database.execute("UPDATE hot_batch SET rows = rows + 1 WHERE number = 1")
    database.close()
    code, report = check(aggregator)
    assert code == 1 and [f["place"] for f in report["findings"]] == ["stored batch 1"], report


def test_the_scrub_sets_damage_aside_and_answers_name_it(house, seed):
    aggregator = filled(house, seed, TRIBUTARY_STORE__SCRUB_PERIOD="2s")
    total = oracle.total(aggregator)
    code, report = check(aggregator)
    assert code == 0, report
    path = packs(aggregator)[0]
    flip(path, 100, 3)
    deadline = time.monotonic() + 30
    while "damaged sections are set aside" not in str(aggregator.ask("/health").json()):
        assert time.monotonic() < deadline, aggregator.ask("/health").json()
        time.sleep(0.2)
    assert "of pack 1" in str(aggregator.ask("/health").json())
    left = oracle.total(aggregator)
    assert 0 < left < total
    code, report = check(aggregator)
    assert code == 1 and report["findings"][0]["pack"] == 1, report
    assert report["findings"][0]["events"] == total - left
    answer = aggregator.ask("/api/v1/events/stats", key=aggregator.read_key)
    assert "of pack 1" in answer.headers["tributary-missing"], answer.headers
    # It stays aside, also after a start.
    aggregator.restart()
    assert oracle.total(aggregator) == left


def repair(aggregator):
    result = run_tool("tributary-aggregator", "store", "repair", "--data", aggregator.data, "--json")
    return result.returncode, json.loads(result.stdout)


def test_a_lost_catalogue_is_made_again_from_the_packs(house, seed):
    aggregator = filled(house, seed)
    running = run_tool("tributary-aggregator", "store", "repair", "--data", aggregator.data)
    assert running.returncode == 75 and "stop it first" in running.stderr, running
    aggregator.terminate()
    sealed = check(aggregator)[1]["events"]
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        (Path(aggregator.data) / name).unlink(missing_ok=True)
    assert check(aggregator)[0] == 1
    code, report = repair(aggregator)
    assert code == 0 and len(report["done"]) == 1 + len(packs(aggregator)), report
    assert repair(aggregator) == (0, {"done": [], "impossible": []})
    assert check(aggregator)[0] == 0
    aggregator.start()
    assert oracle.total(aggregator) == sealed


def test_a_damaged_catalogue_is_kept_and_made_again(house, seed):
    aggregator = filled(house, seed)
    total = oracle.total(aggregator)
    aggregator.terminate()
    database = Path(aggregator.data) / "store.db"
    with open(database, "r+b") as file:
        file.write(bytes(100))
    code, report = repair(aggregator)
    assert code == 1 and "set aside as store.db.damaged-1" in report["done"][0], report
    assert database.with_name("store.db.damaged-1").exists()
    aggregator.start()
    assert 0 < oracle.total(aggregator) <= total
