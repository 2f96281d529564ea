"""F13 to F16: the link is cut, slowed, half-cut and loses answers. About 120 s."""

import os
import random
import subprocess
import time

import pytest

from harness import oracle
from harness.aggregator_stub import LOSE_ANSWER, PASS, Door
from harness.certificates import find_server_pair
from harness.client import wait_for
from harness.load import Book, Load, make_event, post_events
from harness.programs import Collector
from harness.proxy import FaultProxy
from harness.uuid7 import UUID7Source


@pytest.fixture
def linked(house, seed):
    """(aggregator, collector, proxy): all that the collector ships goes through the proxy."""
    aggregator = house.aggregator()
    proxy = FaultProxy(("127.0.0.1", aggregator.tls_port), seed=seed)
    house.on_close(proxy.close)
    return aggregator, house.collector(aggregator, url=proxy.url), proxy


def sender(collector, key, seed, book=None, **more):
    options = {"threads": 2, "pause": 0.005} | more
    return Load(collector.host, collector.port, key, seed=seed, book=book, **options)


def patient(condition, seconds):
    """Waits for a condition, but not for ever and without complaint."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.02)


def test_connections_cut_at_any_byte_lose_and_double_nothing(linked, seed):
    """F14: cuts swept over handshake, request and answer, with RST and FIN."""
    aggregator, collector, proxy = linked
    randomness = random.Random(seed)
    end = time.monotonic() + 45
    with sender(collector, aggregator.write_key, seed) as load:
        for step in range(60):
            direction = randomness.choice(["request", "response"])
            # Early bytes are TLS's handshake, later ones requests and acknowledgements.
            after = randomness.choice([randomness.randrange(0, 4000), randomness.randrange(0, 20_000),
                                       step * 7])
            made, stored = proxy.cuts_made, oracle.total(aggregator)
            proxy.cut_next(direction, after, randomness.choice(["rst", "fin"]))
            proxy.drop_connections()
            # One cut, then some progress: pauses grow only while nothing is acknowledged.
            patient(lambda: proxy.cuts_made > made, min(2, end - time.monotonic()))
            patient(lambda: oracle.total(aggregator) > stored, min(8, end - time.monotonic()))
            if time.monotonic() > end:
                break
    proxy.heal()
    proxy.drop_connections()
    assert proxy.cuts_made > 10
    oracle.check(aggregator, load.book, timeout=60, context=f"seed {seed}:")
    assert set(load.book.statuses) == {200} and load.book.failures == 0


def test_a_flapping_link_loses_and_doubles_nothing(linked, seed):
    """F13: partitions of both kinds come and go."""
    aggregator, collector, proxy = linked
    randomness = random.Random(seed)
    with sender(collector, aggregator.write_key, seed) as load:
        for _ in range(12):
            fault = randomness.choice(["partition", "request", "response", "refuse", "drop"])
            if fault == "partition":
                proxy.partition()
            elif fault == "refuse":
                proxy.mode = "refuse"
                proxy.drop_connections()
            elif fault == "drop":
                proxy.drop_connections()
            else:
                proxy.drop(fault)
            time.sleep(randomness.random())
            proxy.heal()
            time.sleep(randomness.random() * 0.7)
    oracle.check(aggregator, load.book, timeout=75, context=f"seed {seed}:")


def test_a_half_cut_link_heals(linked, seed):
    """F13: one direction is dead and nobody says so; time-outs have to notice."""
    aggregator, collector, proxy = linked
    for direction in ("response", "request"):
        book = Book()
        with sender(collector, aggregator.write_key, seed, book):
            time.sleep(0.3)
            proxy.drop(direction)
            time.sleep(4)
        proxy.heal()
        wait_for(lambda: book.acknowledged <= oracle.stored_ids(aggregator).keys(), 60, 0.5,
                 f"recovery after a dead {direction} direction")
        assert max(oracle.stored_ids(aggregator).values()) == 1


def test_lost_acknowledgements_double_nothing(house, seed):
    """F15: the aggregator commits, and for a while no answer gets back."""
    aggregator = house.aggregator()
    door = Door(*find_server_pair(aggregator.data, port=aggregator.tls_port),
                upstream=("127.0.0.1", aggregator.tls_port))
    house.on_close(door.close)
    collector = house.collector(aggregator, url=door.url)
    door.script = lambda r: LOSE_ANSWER if r.path == "/v1/batches" else PASS
    with sender(collector, aggregator.write_key, seed) as load:
        time.sleep(6)
        lost = door.seen()
        door.script = lambda r: PASS
    assert len(lost) >= 2
    oracle.check(aggregator, load.book, timeout=60, context=f"seed {seed}:")
    # Every retry is the same bytes, and what is sent again stays bounded.
    bodies = [request.body for request in lost]
    assert len(set(bodies)) < len(bodies), "no batch was sent again byte by byte"
    assert len(bodies) < 200, "retries without a pause"
    statuses = [status for request, status in door.answers if request.path == "/v1/batches"]
    assert set(statuses) == {200}


def test_a_slow_line_is_used_well(linked, seed):
    """F16: 56 kbit/s; the payload that arrives is at least 60 % of what the line carries."""
    aggregator, collector, proxy = linked
    randomness, ids, book = random.Random(seed), UUID7Source(seed), Book()
    events = [make_event(ids, randomness) for _ in range(1500)]
    proxy.rate = 56_000
    proxy.drop_connections()
    before = dict(proxy.passed)
    post_events(collector.host, collector.port, aggregator.write_key, events, book)
    started = time.monotonic()
    wait_for(lambda: proxy.passed["request"] - before["request"] > 30_000, 40, 0.1,
             "30 kB over a line of 56 kbit/s")
    seconds = time.monotonic() - started
    carried = (proxy.passed["request"] - before["request"]) * 8 / seconds
    assert carried > 0.6 * 56_000, f"{carried:.0f} bit/s used of 56,000"
    proxy.rate = None
    oracle.check(aggregator, book, timeout=60, context=f"seed {seed}:")


@pytest.mark.parametrize("delay,jitter", [(0.05, 0.0), (0.02, 0.1)])
def test_a_line_with_delay_delivers(linked, seed, delay, jitter):
    """F16: a distant aggregator; several batches in flight keep the backlog small."""
    aggregator, collector, proxy = linked
    proxy.delay, proxy.jitter = delay, jitter
    with sender(collector, aggregator.write_key, seed) as load:
        time.sleep(4)
    oracle.check(aggregator, load.book, timeout=60, context=f"seed {seed}:")


def ip(*arguments):
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def namespace(house):
    """A network namespace with a veth pair: (name, our address, its address, outer device)."""
    name = f"trb{os.getpid() % 10_000}"
    outer, inner = f"{name}a", f"{name}b"
    ours, its = "10.213.77.1", "10.213.77.2"
    steps = [("netns", "add", name), ("link", "add", outer, "type", "veth", "peer", "name", inner),
             ("link", "set", inner, "netns", name), ("addr", "add", f"{ours}/30", "dev", outer),
             ("link", "set", outer, "up"),
             ("-n", name, "addr", "add", f"{its}/30", "dev", inner),
             ("-n", name, "link", "set", inner, "up"), ("-n", name, "link", "set", "lo", "up")]
    try:
        for step in steps:
            done = ip(*step)
            if done.returncode != 0:
                pytest.skip(f"no network namespaces here: ip {' '.join(step)}: {done.stderr.strip()}")
        # Inside, the name in the aggregator's certificate leads over the wire.
        folder = f"/etc/netns/{name}"
        os.makedirs(folder)
        with open(f"{folder}/hosts", "w") as file:
            file.write(f"{ours} localhost\n")
        yield name, ours, its, outer
    finally:
        ip("link", "del", outer)
        ip("netns", "del", name)
        subprocess.run(["rm", "-rf", f"/etc/netns/{name}"], check=False)


def test_a_partition_between_machines_loses_and_doubles_nothing(house, namespace, seed):
    """F13 on real network parts: the collector's wire goes down and comes back."""
    name, ours, its, outer = namespace
    aggregator = house.aggregator(tls_host="0.0.0.0")
    # The load comes over the same wire, so it is made before each partition and after it.
    url = f"https://localhost:{aggregator.tls_port}"
    collector = house.keep(Collector(house.path("collector"), house.logs, url, host=its,
                                     prefix=["ip", "netns", "exec", name]))
    done = collector.enroll(aggregator.secrets["enrolment_token"])
    assert done.returncode == 0, done.stderr
    collector.start()
    book, randomness = Book(), random.Random(seed)
    for round in range(4):
        with sender(collector, aggregator.write_key, seed + round, book, timeout=1):
            time.sleep(0.5 + randomness.random() * 0.3)
            assert ip("link", "set", outer, "down").returncode == 0
            time.sleep(1 + randomness.random() * 2)
            assert ip("link", "set", outer, "up").returncode == 0
            time.sleep(0.3)
    assert book.acknowledged
    oracle.check(aggregator, book, timeout=90, context=f"seed {seed}:")
