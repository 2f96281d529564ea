#!/usr/bin/env python3
"""The figures of the pair, taken in one run as ratios where they compare. `make bench` runs it.

    .venv/bin/python Benchmarks/bench.py [--only http,collector] [--out FILE] [--quick]

Prints a Markdown table and writes the same, with every single run, as JSON.
"""

import argparse
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from tools import (CLIENT_CORE, CORES, REPOSITORY, SERVER_CORE, Nginx, Watch, alternating, dataset,
                   lines_of, machine, pinned, wrk, zstd_size)

import beside_peers
import peers

from harness import oracle
from harness.aggregator_stub import Door
from harness.certificates import find_server_pair
from harness.client import Connection, wait_for
from harness.load import Book
from harness.programs import House, binary, run_tool
from harness.uuid7 import UUID7Source

SMALL_ANSWER = "/health/live"


class Report:
    """Rows of the table: what, measured, the bar, and whether it is met."""

    def __init__(self):
        self.rows, self.details = [], {}

    def add(self, what, measured, bar, met, **details):
        self.rows.append({"what": what, "measured": measured, "bar": bar, "met": met})
        self.details[what] = details
        mark = {True: "met", False: "NOT MET", None: ""}[met]
        print(f"  {what}: {measured} (bar {bar}) {mark}", file=sys.stderr, flush=True)

    def markdown(self):
        yield "| what | measured | at least / at most | met |"
        yield "| --- | --- | --- | --- |"
        for row in self.rows:
            mark = {True: "yes", False: "**no**", None: "–"}[row["met"]]
            yield f"| {row['what']} | {row['measured']} | {row['bar']} | {mark} |"


def pin(program, core):
    program.prefix = pinned(core)
    return program


def started_pair(house, aggregator_core=None, collector_core=None, run=True):
    """A fresh pair, each kept on a core where one is given."""
    aggregator = house.aggregator(start=False)
    if aggregator_core is not None:
        pin(aggregator, aggregator_core)
    aggregator.start()
    collector = house.collector(aggregator, start=False)
    if collector_core is not None:
        pin(collector, collector_core)
    if run:
        collector.start()
    return aggregator, collector


# HTTP -------------------------------------------------------------------------------------------

def bench_http(report, house, options):
    """GET of a small answer, keep-alive, one loop, beside nginx with one worker, plain and TLS."""
    aggregator = house.aggregator(start=False)
    pin(aggregator, SERVER_CORE).start()
    answer = aggregator.get(SMALL_ANSWER)
    nginx = Nginx(house.folder, answer.body.decode(), answer.headers["content-type"])
    try:
        for name, ours, theirs in (
                ("HTTP GET, of nginx", f"http://127.0.0.1:{aggregator.port}", nginx.url),
                ("HTTP GET over TLS, of nginx", aggregator.url, nginx.tls_url)):
            got = alternating({
                "tributary": lambda: wrk(ours + SMALL_ANSWER, "get.lua", seconds=options.seconds),
                "nginx": lambda: wrk(theirs + SMALL_ANSWER, "get.lua", seconds=options.seconds)},
                options.rounds)
            ratio = got["tributary"]["per_second"] / got["nginx"]["per_second"]
            report.add(name, f"{ratio:.2f} × ({got['tributary']['per_second']:,.0f}/s against "
                             f"{got['nginx']['per_second']:,.0f}/s)", "1.0 ×",
                       ratio >= 1.0 and not got["tributary"]["errors"], **got)
    finally:
        nginx.close()


# Collector --------------------------------------------------------------------------------------

def bench_collector(report, house, options):
    """Single POSTs beside nginx, batches of 100, and memory idle and under that load."""
    aggregator, collector = started_pair(house, CLIENT_CORE, SERVER_CORE)
    time.sleep(6)  # Three seconds after its start it gives back what only the start needs.
    idle = {k: v / 1024 for k, v in collector.memory_kilobytes().items()}
    before = collector.cpu_seconds()
    time.sleep(3)
    idle_cpu = (collector.cpu_seconds() - before) / 3
    report.add("collector memory idle", f"VmRSS {idle['VmRSS']:.1f} MB (RssAnon "
               f"{idle.get('RssAnon', 0):.1f}), {idle_cpu * 100:.1f} % of a core", "10 MB",
               idle["VmRSS"] <= 10, **idle)

    url = f"http://127.0.0.1:{collector.port}/api/v1/events"
    nginx = Nginx(house.folder)
    try:
        def ours(events=1):
            return wrk(url, "events.lua", aggregator.write_key, "/api/v1/events", events,
                       seconds=options.seconds)

        def theirs():
            return wrk(nginx.url + "/api/v1/events", "events.lua", "none", "/api/v1/events", 1,
                       seconds=options.seconds)

        # The aggregator rests: what is measured is the way into the spool. Then with shipping.
        aggregator.terminate()
        with Watch(collector) as watch:
            single = alternating({"tributary": ours, "nginx": theirs}, options.rounds)
        ratio = single["tributary"]["per_second"] / single["nginx"]["per_second"]
        report.add("collector single POST (~500 B, fsynced), of nginx",
                   f"{ratio:.2f} × ({single['tributary']['per_second']:,.0f}/s against "
                   f"{single['nginx']['per_second']:,.0f}/s)", "0.4 ×",
                   ratio >= 0.4 and not single["tributary"]["errors"], **single)
        p99 = single["tributary"]["p99_ms"]
        report.add("collector single POST, p99", f"{p99:.2f} ms", "10 ms", p99 < 10)
        report.add("collector memory under single POSTs", memory_text(watch), "30 MB",
                   watch.megabytes["VmRSS"] <= 30, **watch.megabytes)
    finally:
        nginx.close()

    collector, aggregator = fresh_collector(house, options)
    with Watch(collector) as watch:
        runs = [wrk(f"http://127.0.0.1:{collector.port}/api/v1/events", "events.lua",
                    aggregator.write_key, "/api/v1/events", 100, seconds=options.seconds,
                    connections=16) for _ in range(3)]
    rate = statistics.median(r["per_second"] for r in runs) * 100
    report.add("collector batches of 100", f"{rate:,.0f} events/s, p99 "
               f"{statistics.median(r['p99_ms'] for r in runs):.1f} ms", "300,000 events/s",
               rate >= 300_000 and not any(r["errors"] for r in runs), runs=runs)
    report.add("collector memory under batches", memory_text(watch), "30 MB",
               watch.megabytes["VmRSS"] <= 30, **watch.megabytes)


def memory_text(watch):
    return f"VmRSS {watch.megabytes['VmRSS']:.1f} MB (RssAnon {watch.megabytes.get('RssAnon', 0):.1f})"


def fresh_collector(house, options):
    """Another pair in a folder of its own; its aggregator rests."""
    other = House(tempfile.mkdtemp(dir=house.folder))
    house.on_close(other.close)
    aggregator, collector = started_pair(other, CLIENT_CORE, SERVER_CORE)
    aggregator.terminate()
    return collector, aggregator


def bench_shipping(report, house, options):
    """Single POSTs with the aggregator alive: both programs and wrk on all cores."""
    aggregator, collector = started_pair(house)
    result = wrk(f"http://127.0.0.1:{collector.port}/api/v1/events", "events.lua",
                 aggregator.write_key, "/api/v1/events", 1, seconds=options.seconds * 2, core=CLIENT_CORE)
    started = time.monotonic()
    drained = wait_for(lambda: stable_total(aggregator, result["requests"]), 120, 0.2, "the drain")
    report.add("single POSTs while shipping (nothing pinned)",
               f"{result['per_second']:,.0f}/s, p99 {result['p99_ms']:.1f} ms, drained in "
               f"{time.monotonic() - started:.1f} s", "no bar", None, total=drained, **result)


def stable_total(aggregator, least):
    total = oracle.total(aggregator)
    return total if total >= least else None


# Backlog ----------------------------------------------------------------------------------------

def bench_backlog(report, house, options):
    """Memory and start-up of a collector whose spool holds a large backlog, and its drain."""
    aggregator, collector = started_pair(house)
    aggregator.terminate()
    url = f"http://127.0.0.1:{collector.port}/api/v1/events"
    sent, small = 0, None
    while folder_size(collector.data) < options.backlog:
        result = wrk(url, "events.lua", aggregator.write_key, "/api/v1/events", 100, seconds=3,
                     connections=8)
        if result["errors"] or not result["requests"]:
            break
        sent += result["requests"] * 100
        if small is None:
            small = restart_memory(collector)
    large = restart_memory(collector)
    size = folder_size(collector.data)
    with Watch(collector) as watch:
        aggregator.start()
        started = time.monotonic()
        limit = min(sent, 400_000)  # Drain a part; the hot tier has its own bound.
        wait_for(lambda: stable_total(aggregator, limit), 300, 0.5, "a part of the backlog")
        seconds = time.monotonic() - started
    report.add(f"collector memory after a start with {size / 1e6:,.0f} MB of backlog",
               f"{large['VmRSS'] / 1024:.1f} MB, ready in {collector.ready_seconds[-1]:.2f} s "
               f"(with little: {small['VmRSS'] / 1024:.1f} MB)", "30 MB, flat",
               large["VmRSS"] <= 30 * 1024 and large["VmRSS"] < small["VmRSS"] + 4096,
               backlog_bytes=size, events=sent)
    report.add("collector memory while draining it", f"{memory_text(watch)}, {limit / seconds:,.0f} "
               "events/s", "30 MB", watch.megabytes["VmRSS"] <= 30, **watch.megabytes)


def restart_memory(collector):
    collector.terminate()
    collector.start()
    time.sleep(1)
    return collector.memory_kilobytes()


def folder_size(folder):
    return sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(folder)
               for name in names if os.path.isfile(os.path.join(root, name)) and "ballast" not in name)


# Wire -------------------------------------------------------------------------------------------

def bench_wire(report, house, options):
    """Bytes of the pair's batches beside the same events as NDJSON under `zstd -3`.

    A door between the two counts the bodies of `/v1/batches`, header and signature included.
    """
    aggregator = house.aggregator()
    door = Door(*find_server_pair(aggregator.data, port=aggregator.tls_port),
                upstream=("127.0.0.1", aggregator.tls_port))
    house.on_close(door.close)
    collector = house.collector(aggregator, url=door.url)
    # The dataset's own project name belongs to nobody here; the key says which project it is.
    named = lines_of(dataset(options.work, 100_000), "acme-web", 1000 * options.wire_batches)
    lines = [line.replace(b'"project_id":"acme-web",', b"", 1) for line in named]
    book, compressed = Book(), 0
    with Connection(collector.host, collector.port, timeout=30) as connection:
        for start in range(0, len(lines), 1000):
            part = lines[start:start + 1000]
            ids = [line[13:49].decode() for line in part]
            book.note_sent(ids)
            response = connection.request("POST", "/api/v1/events", b"\n".join(part), {
                "X-API-Key": aggregator.write_key, "Content-Type": "application/x-ndjson"})
            if not book.note_response(ids, response, 0):
                raise RuntimeError(f"refused: {response}")
            compressed += zstd_size(b"\n".join(named[start:start + 1000]) + b"\n")
            time.sleep(0.4)  # One request, one batch: longer than a batch waits for more.
    oracle.check(aggregator, book, timeout=60)
    bodies = [r.body for r in door.seen()]
    shipped = sum(map(len, bodies))
    ratio, plain = shipped / compressed, sum(len(line) + 1 for line in named)
    # 74 of an id's 128 bits are random and stay so; the rest is its time.
    ids_share = len(lines) * 74 / 8 / shipped
    report.add("bytes on the wire, of NDJSON under zstd -3",
               f"{ratio:.3f} × ({shipped / len(lines):.1f} bytes an event in {len(bodies)} batches; "
               f"the ids' random bits are {ids_share * 100:.0f} % of them)", "0.63 × (stretch 0.55)",
               ratio <= 0.63, shipped=shipped, zstd=compressed, ndjson=plain, events=len(lines),
               batches=len(bodies))


# Aggregator -------------------------------------------------------------------------------------

def bench_intake(report, house, options):
    """Batches of the pair over TLS, durable and deduplicated, sender on the same cores.

    The sender is `tributary bench batches`: it makes signed batches beforehand and posts them.
    """
    what = "aggregator POST /v1/batches"
    try:
        binary("tributary")
    except FileNotFoundError:
        report.add(what, "not measured: no sender (`tributary bench batches`) yet",
                   "500,000 events/s", None)
        return
    aggregator = house.aggregator()
    sample = os.path.join(options.work, "sample.ndjson")
    with open(sample, "wb") as out:
        for line in lines_of(dataset(options.work, 100_000), "acme-web", 20_000):
            out.write(line.replace(b'"project_id":"acme-web",', b"") + b"\n")
    done = run_tool("tributary", "bench", "batches", "--aggregator", aggregator.url, "--token",
                    aggregator.secrets["enrolment_token"], "--project",
                    aggregator.secrets["project_id"], "--sample", sample, "--events",
                    options.intake_events, "--json", timeout=300)
    if done.returncode != 0:
        report.add(what, f"the sender failed: {done.stderr.strip()[-200:]}", "500,000 events/s", False)
        return
    result = json.loads(done.stdout)
    memory = aggregator.memory_kilobytes()
    report.add(what, f"{result['events_per_second']:,.0f} events/s (VmRSS {memory['VmRSS'] / 1024:,.0f} "
               "MB after)", "500,000 events/s", result["events_per_second"] >= 500_000, **result)
    restarted = aggregator.restart(timeout=60)
    seconds, hot = restarted.ready_seconds[-1], oracle.total(aggregator)
    report.add("aggregator restart with these events hot", f"{seconds:.2f} s with {hot:,} events",
               "2 s at 1 million", seconds <= 2 * max(1.0, hot / 1_000_000))


# Import -----------------------------------------------------------------------------------------

def bench_import(report, house, options):
    """`tributary import` of NDJSON into an aggregator on the same cores, durable and deduplicated.

    Three runs, each into a store of its own; the best counts, as other work only ever slows them.
    """
    folder = options.import_data or dataset(options.work, options.import_events)
    with open(os.path.join(folder, "manifest.json")) as file:
        manifest = json.load(file)
    runs = []
    for turn in range(options.import_runs):
        aggregator = house.aggregator(f"import-{turn}", start=False)
        aggregator.start()
        for project in sorted({line.split(b'"project_id":"', 1)[1].split(b'"', 1)[0].decode()
                               for line in head(folder, 20_000)}):
            done = run_tool("tributary-aggregator", "project", "add", project, "--data",
                            aggregator.data)
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
        before = aggregator.cpu_seconds()
        with Watch(aggregator) as watch:
            done = run_tool("tributary", "import", *[os.path.join(folder, name) for name in
                                                     manifest["files"]], "--data", aggregator.data,
                            "--json", "--restart", timeout=1800)
        if done.returncode != 0:
            raise RuntimeError(f"{done.returncode}: {done.stderr[-300:]} {done.stdout[-300:]}")
        run = json.loads(done.stdout)
        run["aggregator_cpu_seconds"] = aggregator.cpu_seconds() - before
        run["aggregator_megabytes"] = watch.megabytes
        run["bytes_an_event"] = folder_size(aggregator.data) / run["accepted"]
        if run["accepted"] != manifest["unique_events"]:
            raise RuntimeError(f"{run['accepted']:,} accepted of {manifest['unique_events']:,}")
        runs.append(run)
        aggregator.terminate()
    best = max(runs, key=lambda run: run["lines_per_second"])
    millions = best["lines"] / 1e6
    tool, server = (min(run[name] for run in runs) / millions
                    for name in ("cpu_seconds", "aggregator_cpu_seconds"))
    report.add(f"import of {best['lines']:,} lines of NDJSON",
               f"{best['lines_per_second']:,.0f} events/s, {best['bytes'] / best['seconds'] / 1e6:,.0f} "
               f"MB/s (VmRSS of the aggregator {best['aggregator_megabytes']['VmRSS']:,.0f} MB)",
               "430,000 events/s (stretch 650,000)", best["lines_per_second"] >= 430_000, runs=runs)
    report.add("import: CPU seconds for a million events", f"{tool:.2f} of the tool, {server:.2f} of "
               f"the aggregator: {2 / (tool + server):.2f} million events/s from two free cores",
               "no bar", None)


def head(folder, count):
    """The first lines of the dataset, each of which names its project."""
    with open(os.path.join(folder, "events.ndjson"), "rb") as file:
        for _, line in zip(range(count), file):
            yield line


# End to end -------------------------------------------------------------------------------------

def bench_end_to_end(report, house, options):
    """10,000 single events a second through the collector; probes say when they can be asked for."""
    aggregator, collector = started_pair(house)
    rate, seconds = 10_000, options.e2e_seconds
    waits, probes, stop, failures = [], [], threading.Event(), []

    def probe():
        ids = UUID7Source()
        try:
            with collector.connection() as into, aggregator.connection() as out:
                while not stop.is_set():
                    event_id = ids.next()
                    started = time.monotonic()
                    answer = into.request("POST", "/api/v1/events",
                                          {"event_id": event_id, "event_name": "probe"},
                                          {"X-API-Key": aggregator.write_key})
                    if answer.status != 200:
                        failures.append(answer.status)
                        continue
                    probes.append(event_id)
                    while out.request("GET", f"/api/v1/events/{event_id}", headers={
                            "Authorization": f"Bearer {aggregator.read_key}"}).status != 200:
                        if time.monotonic() - started > 20:
                            failures.append("never queryable")
                            break
                        time.sleep(0.004)
                    waits.append(time.monotonic() - started)
                    stop.wait(0.03)
        except Exception as error:  # noqa: BLE001 - reported below
            failures.append(repr(error))

    thread = threading.Thread(target=probe, daemon=True)
    with Watch(aggregator) as center, Watch(collector) as edge:
        thread.start()
        result = wrk(f"http://127.0.0.1:{collector.port}/api/v1/events", "events.lua",
                     aggregator.write_key, "/api/v1/events", 1, rate, seconds=seconds,
                     connections=64, core=CORES[0])
        stop.set()
        thread.join(30)
    expected = result["requests"] + len(probes)
    total = wait_for(lambda: stable_total(aggregator, expected), 60, 0.2, "all events")
    waits.sort()
    p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    what = f"end to end at {result['per_second']:,.0f} events/s for {seconds} s"
    lossless = expected <= total <= expected + 64 and not result["errors"] and not failures
    report.add(f"{what}: p99 request to queryable", f"{p99 * 1000:.0f} ms (median {p50 * 1000:.0f}, "
               f"{len(waits)} probes)", "1 s", p99 < 1 and result["per_second"] > rate * 0.98)
    report.add(f"{what}: loss", f"{expected:,} acknowledged, {total:,} stored, "
               f"{result['errors']} errors, {len(failures)} failures", "none", lossless,
               failures=failures[:5], **result)
    for name, watch in (("collector", edge), ("aggregator", center)):
        report.add(f"{what}: CPU of the {name}", f"{watch.cpu * 100:.0f} % of one core "
                   f"(VmRSS {watch.megabytes['VmRSS']:.0f} MB)", "50 %", watch.cpu < 0.5)


SECTIONS = {"http": bench_http, "collector": bench_collector, "shipping": bench_shipping,
            "backlog": bench_backlog, "wire": bench_wire, "intake": bench_intake,
            "import": bench_import, "end_to_end": bench_end_to_end,
            "store": beside_peers.bench_store}
# An hour of its own, on a machine that is quiet.
ON_DEMAND = ["store"]


def size(text):
    number = text.rstrip("BbIi")
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(number[-1:].upper())
    return int(float(number[:-1]) * factor) if factor else int(number)


def count(text):
    """1M, 200k, 5000."""
    factor = {"K": 1_000, "M": 1_000_000}.get(text[-1:].upper())
    return int(float(text[:-1]) * factor) if factor else int(text)


def counts(text):
    return [count(part) for part in text.split(",")]


def names(text):
    return text.split(",")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default=",".join(n for n in SECTIONS if n not in ON_DEMAND),
                        help=", ".join(SECTIONS))
    parser.add_argument("--seconds", type=int, default=4, help="of each run of wrk")
    parser.add_argument("--rounds", type=int, default=5, help="alternating runs of each side")
    parser.add_argument("--backlog", type=size, default=size("300M"), help="2G for the full figure")
    parser.add_argument("--wire-batches", type=int, default=50)
    parser.add_argument("--intake-events", type=int, default=2_000_000)
    parser.add_argument("--import-events", type=int, default=1_000_000)
    parser.add_argument("--import-data", help="a folder that generate.py made; else one is made")
    parser.add_argument("--import-runs", type=int, default=3)
    parser.add_argument("--events", type=count, default=10_000_000, help="store: lines; 1M, 200k")
    parser.add_argument("--store-data", help="store: a folder that generate.py made; else one is made")
    parser.add_argument("--load-runs", type=int, default=3, help="store: loads of each side")
    parser.add_argument("--store-rounds", type=int, default=2, help="store: processes for a question")
    parser.add_argument("--runs", type=int, default=7, help="store: warm runs in each process")
    parser.add_argument("--layouts", type=names, default=list(peers.LAYOUTS), help="store: of the peers")
    parser.add_argument("--questions", type=names, default=peers.names_of_queries(), help="store")
    parser.add_argument("--growth", type=counts, nargs="?", const=counts("1M,10M,50M"),
                        help="store: without peers, at these sizes (1M,10M,50M)")
    parser.add_argument("--e2e-seconds", type=int, default=60)
    parser.add_argument("--quick", action="store_true", help="short runs, to see that all of it works")
    parser.add_argument("--work", default=os.path.join(REPOSITORY, ".run", "bench"))
    parser.add_argument("--out", help="where the JSON goes; WORK/results.json")
    parser.add_argument("--keep", action="store_true", help="keep the programs' folders")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.rounds, options.e2e_seconds = 1, 1, 5
        options.backlog, options.wire_batches, options.intake_events = size("20M"), 5, 200_000
        options.import_events, options.import_runs = 100_000, 1
        options.events, options.load_runs, options.store_rounds, options.runs = 200_000, 1, 1, 2
    os.makedirs(options.work, exist_ok=True)
    report = Report()
    for name in options.only.split(","):
        print(f"{name}: {SECTIONS[name].__doc__.splitlines()[0]}", file=sys.stderr, flush=True)
        house = House(tempfile.mkdtemp(prefix=f"{name}-", dir=options.work))
        try:
            SECTIONS[name](report, house, options)
        except Exception as error:  # noqa: BLE001 - one figure that fails must not hide the others
            report.add(name, f"failed: {type(error).__name__}: {str(error)[:300]}", "–", False)
        finally:
            house.close()
            if not options.keep:
                shutil.rmtree(house.folder, ignore_errors=True)
    print("\n".join(report.markdown()))
    document = {"taken": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                "commit": commit(), "machine": machine(), "options": {
                    k: v for k, v in vars(options).items() if k not in ("work", "out", "keep")},
                "rows": report.rows, "details": report.details}
    path = options.out or os.path.join(options.work, "results.json")
    with open(path, "w") as file:
        json.dump(document, file, indent=1, default=str)
        file.write("\n")
    sys.exit(1 if any(row["met"] is False for row in report.rows) else 0)


def commit():
    done = subprocess.run(["git", "-C", REPOSITORY, "rev-parse", "--short", "HEAD"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
