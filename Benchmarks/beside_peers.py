"""`make bench ARGS="--only store"`: the store beside DuckDB and ClickHouse in one run, and how it grows.

Each side has two threads and loads the same files. Every question is asked in a process of its own, cold
(page cache without the files) and then warm, about ranges that lie a random number of minutes later;
the sides take turns.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import threading

import peers
import store
from tools import HERE, dataset

# Question: the ratio to the fastest peer layout that it has to reach, and the one to stretch for.
BARS = {
    "stats_by_day": (100, 300), "trend_wow": (100, 300),
    "unique_users_by_day": (12, 20), "unique_users_total": (8, 12),
    "retention_daily": (12, 18), "retention_weekly": (12, 18),
    "funnel3": (10, 18), "funnel4": (10, 18), "funnel_breakdown": (8, 15),
    "sessions": (7, 15), "sessionize": (12, 40),
    "filtered_revenue": (6, 15), "percentile_amount": (5, 10), "segment_by_plan": (12, 25),
    "top_props": (4, 8), "top_paths": (15, 40),
    "user_timeline": (5, 10), "user_timeline_typical": (5, 10), "full_text": (5, 10),
    "export_csv": (1.5, 2.5)}
LOAD = (1.5, "1.5 × the faster peer's load + dedup")
BYTES, LOADING_MB, ANSWERING_MB, RESTART_S = 0.85, 600, 400, 2


def bench_store(report, house, options):
    """The store's load, answers, bytes and memory beside DuckDB and ClickHouse."""
    if options.growth:
        return bench_growth(report, house, options)
    folder = options.store_data or dataset(options.work, options.events)
    manifest = store.manifest_of(folder)
    work = os.path.join(options.work, "peers")
    os.makedirs(work, exist_ok=True)
    arguments = store.peer_arguments(folder, work, options.questions, options.runs)
    aggregator = load(report, house, options, folder, manifest, arguments)
    measured = ask(house, options, folder, aggregator, arguments)
    tell_answers(report, folder, measured)
    tell_times(report, measured)
    report.details["store"] = {"dataset": {k: v for k, v in manifest.items() if k != "parameters"},
                               "questions": measured["times"]}


# Load -------------------------------------------------------------------------------------------

def load(report, house, options, folder, manifest, arguments):
    """Loads all sides in turns; what is loaded last stays for the questions."""
    files, ours, theirs, aggregator = peers.sources(folder, manifest), [], {}, None
    for turn in range(options.load_runs):
        if aggregator is not None:
            shutil.rmtree(aggregator.data)
        aggregator = house.aggregator(f"store-{turn}")
        store.add_projects(aggregator, store.projects_of())
        run = store.import_files(aggregator, files, "--restart")
        if run["accepted"] != manifest["unique_events"]:
            raise RuntimeError(f"{run['accepted']:,} accepted of {manifest['unique_events']:,}")
        ours.append(run)
        aggregator.terminate(timeout=60)
        for name in options.layouts:
            result = peers.run("load", name, arguments)
            if "error" in result:
                raise RuntimeError(f"{name}: {result['error']}")
            theirs.setdefault(name, []).append(result)
    rate = statistics.median(run["lines_per_second"] for run in ours)
    rates = {name: manifest["events"] / statistics.median(r["load_s"] + r["dedup_s"] for r in runs)
             for name, runs in theirs.items()}
    best = max(rates, key=rates.get)
    report.add("load: NDJSON to queryable, deduplicated, durable",
               f"{rate / rates[best]:.2f} × ({rate:,.0f} events/s against {rates[best]:,.0f} of {best})",
               LOAD[1], rate >= LOAD[0] * rates[best], ours=ours, peers=theirs)
    peak = max(run["aggregator_megabytes"]["VmHWM"] for run in ours)
    report.add("memory of the aggregator while loading", f"{peak:,.0f} MB", f"{LOADING_MB} MB",
               peak <= LOADING_MB)
    store.settle(aggregator)
    tell_bytes(report, aggregator, manifest, {name: runs[-1] for name, runs in theirs.items()})
    tell_restart(report, aggregator, manifest["unique_events"])
    return aggregator


def tell_bytes(report, aggregator, manifest, theirs):
    events = manifest["unique_events"]
    ours = store.folder_bytes(aggregator.data) / events
    packs = sum(size for _, size in store.pack_sizes(aggregator.data)) / events
    sizes = {name: result["bytes"] / result["rows"] for name, result in theirs.items()}
    least = min(sizes, key=sizes.get)
    report.add("bytes on disk an event", f"{ours / sizes[least]:.3f} × ({ours:.1f} B, {packs:.1f} of them "
               f"packs, against {sizes[least]:.1f} of {least})", f"{BYTES} ×",
               ours <= BYTES * sizes[least], ours=ours, packs=packs, peers=sizes)


def tell_restart(report, aggregator, events):
    aggregator.start(timeout=120)
    seconds = aggregator.ready_seconds[-1]
    aggregator.terminate(timeout=60)
    report.add(f"restart to serving with {events:,} events", f"{seconds:.2f} s", f"{RESTART_S} s",
               seconds <= RESTART_S)


# Questions --------------------------------------------------------------------------------------

def ask(house, options, folder, aggregator, arguments):
    """All questions of all sides in turns: {"times": {question: {side: {...}}}, "answers": ...}."""
    times, answers = {}, {}
    export = house.path("export.csv")
    for turn in range(options.store_rounds):
        arguments.seed = turn + 1
        for query in arguments.queries.split(","):
            sides = ["tributary", *options.layouts]
            for side in sides if turn % 2 == 0 else sides[::-1]:
                result = ask_once(side, query, folder, aggregator, arguments, options, export)
                if result is None:
                    continue
                answers.setdefault(query, {}).setdefault(side, result.pop("answer"))
                kept = times.setdefault(query, {}).setdefault(
                    side, {"cold_s": [], "warm_s": [], "peak_rss_mb": 0})
                kept["cold_s"].append(result["cold_s"])
                kept["warm_s"] += result["warm_s"]
                kept["peak_rss_mb"] = max(kept["peak_rss_mb"], result["peak_rss_mb"])
            medians = ", ".join(f"{side} {1000 * statistics.median(kept['warm_s']):.2f}"
                                for side, kept in times.get(query, {}).items())
            print(f"  {query}, ms: {medians}", file=sys.stderr, flush=True)
    return {"times": times, "answers": answers}


def ask_once(side, query, folder, aggregator, arguments, options, export):
    if side != "tributary":
        peers.evict(peers.engine(side, arguments.work).path)
        result = peers.run(query, side, arguments)
        if "error" in result:
            raise RuntimeError(f"{side} {query}: {result['error']}")
        return result
    peers.evict(aggregator.data)
    found = store.ask(aggregator, folder, [query], options.runs, arguments.seed, export=export)
    if query in found["unknown"]:
        return None
    question = found["questions"][query]
    return {"cold_s": question["cold_s"], "warm_s": question["warm_s"],
            "peak_rss_mb": found["peak_rss_mb"],
            "answer": {"columns": question["columns"], "rows": question["rows"]}}


def oracle_of(folder):
    """The oracle of exactly these bytes, where there is one."""
    digest = store.manifest_of(folder)["ndjson_sha256"]
    for name in os.listdir(os.path.join(HERE, "oracle")):
        with open(os.path.join(HERE, "oracle", name)) as file:
            document = json.load(file)
        if document["dataset"]["ndjson_sha256"] == digest:
            return document["answers"]
    return None


def tell_answers(report, folder, measured):
    oracle, wrong, missing = oracle_of(folder), {}, []
    for query, sides in measured["answers"].items():
        expected = oracle[query] if oracle else next(
            answer for side, answer in sides.items() if side != "tributary")
        for side, answer in sides.items():
            if difference := store.difference(expected, answer):
                wrong[f"{side} {query}"] = difference
        if "tributary" not in sides:
            missing.append(query)
    against = "the oracle" if oracle else "each other"
    count = len(measured["answers"])
    report.add(f"answers, beside {against}",
               f"{count - len(missing)} of {count} questions answered, {len(wrong)} wrong", "all, none",
               not wrong and not missing, wrong=wrong, missing=missing)


def tell_times(report, measured):
    slower, peak = [], 0
    for query, sides in measured["times"].items():
        if "tributary" not in sides:
            continue
        ours = statistics.median(sides["tributary"]["warm_s"])
        cold = statistics.median(sides["tributary"]["cold_s"])
        peak = max(peak, sides["tributary"]["peak_rss_mb"])
        warm = {side: statistics.median(kept["warm_s"]) for side, kept in sides.items()
                if side != "tributary"}
        colds = {side: statistics.median(kept["cold_s"]) for side, kept in sides.items()
                 if side != "tributary"}
        best, coldest = min(warm, key=warm.get), min(colds.values())
        bar, stretch = BARS[query]
        ratio = warm[best] / ours
        report.add(query, f"{ratio:.1f} × ({1000 * ours:.2f} ms against {1000 * warm[best]:.1f} of {best}; "
                   f"cold {1000 * cold:.0f} against {1000 * coldest:.0f})",
                   f"{bar} × (stretch {stretch})", ratio >= bar)
        if cold > coldest:
            slower.append(query)
    report.add("cold runs", "none slower than the fastest peer's" if not slower else
               "slower than the fastest peer's: " + ", ".join(slower), "none slower", not slower)
    report.add("memory while answering", f"{peak:,} MB", f"{ANSWERING_MB} MB", peak <= ANSWERING_MB)


# Growth -----------------------------------------------------------------------------------------

def bench_growth(report, house, options):
    """The same questions at several sizes; the generator's lines go straight into the import."""
    curve = {}
    for events in options.growth:
        aggregator, folder, run = grown(house, events)
        unique = store.manifest_of(folder)["unique_events"]
        report.add(f"{events:,} lines: load", f"{run['lines_per_second']:,.0f} events/s, generator on the "
                   f"same cores, {run['aggregator_megabytes']['VmHWM']:,.0f} MB", f"{LOADING_MB} MB at 20M",
                   None, **run)
        store.settle(aggregator, timeout=3600)
        report.add(f"{events:,} lines: bytes on disk an event",
                   f"{store.folder_bytes(aggregator.data) / unique:.1f}", "–", None)
        tell_restart(report, aggregator, unique)
        peers.evict(aggregator.data)
        found = store.ask(aggregator, folder, options.questions, options.runs, answers=False,
                          export=house.path("export.csv"), timeout=7200)
        report.add(f"{events:,} lines: memory while answering", f"{found['peak_rss_mb']:,} MB",
                   f"{ANSWERING_MB} MB at 20M", None)
        for query, question in found["questions"].items():
            curve.setdefault(query, {})[unique] = statistics.median(question["warm_s"])
        shutil.rmtree(aggregator.data)
    for query, times in curve.items():
        sizes = sorted(times)
        text = ", ".join(f"{1000 * times[size]:.2f}" for size in sizes)
        worst = max((times[b] / times[a]) / (b / a) for a, b in zip(sizes, sizes[1:])) \
            if len(sizes) > 1 else 0
        report.add(f"growth of {query}", f"{text} ms; at most {worst:.2f} × the growth of the data",
                   "1.1 ×", worst <= 1.1, seconds={str(size): times[size] for size in sizes})


def grown(house, events):
    """An aggregator with so many lines, which were never on disk, and the folder of their manifest."""
    aggregator = house.aggregator(f"grown-{events}")
    store.add_projects(aggregator, store.projects_of())
    folder = house.path(f"lines-{events}")
    os.makedirs(folder)
    pipe = os.path.join(folder, "events.ndjson")
    os.mkfifo(pipe)
    failures = []

    def generate():
        done = subprocess.run([sys.executable, os.path.join(HERE, "generate.py"), "--events", str(events),
                               "--out", folder], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode != 0:
            failures.append(done.stderr[-500:])

    thread = threading.Thread(target=generate, daemon=True)
    thread.start()
    run = store.import_files(aggregator, [pipe])
    thread.join()
    os.remove(pipe)
    if failures:
        raise RuntimeError(failures[0])
    return aggregator, folder, run
