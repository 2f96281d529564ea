"""The store beside its peers: what `bench.py` measures of it and what the tests compare.

Events go in through the real programs (`tributary import` into a running aggregator). Once that has
ended, the program `answers` opens its folder and asks; see `Benchmarks/Answers`.
"""

import argparse
import json
import os
import subprocess
import time

import peers
from tools import HERE, REPOSITORY, Watch

from harness.programs import inherited, metric, run_tool

IMPORT_SECONDS = 4 * 3600


def answers_binary():
    """The runner lies beside the programs that ship, or where the tests are built."""
    folders = [os.environ.get("TRIBUTARY_BIN"), os.path.join(REPOSITORY, ".build", "release")]
    for folder in filter(None, folders):
        path = os.path.join(folder, "answers")
        if os.access(path, os.X_OK):
            return path
    raise FileNotFoundError("the program `answers` is not built: swift build -c release --product answers")


def manifest_of(folder):
    with open(os.path.join(folder, "manifest.json")) as file:
        return json.load(file)


def projects_of():
    """The projects that the generator knows."""
    from generate import PROJECTS
    return [project[0] for project in PROJECTS]


def add_projects(aggregator, projects):
    for project in projects:
        done = run_tool("tributary-aggregator", "project", "add", project, "--data", aggregator.data)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)


def import_files(aggregator, files, *options):
    """Imports into the running aggregator; the tool's report, with the aggregator's memory meanwhile."""
    with Watch(aggregator) as watch:
        done = run_tool("tributary", "import", *files, "--data", aggregator.data, "--json", *options,
                        timeout=IMPORT_SECONDS)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{done.returncode}: {done.stderr[-300:]} {done.stdout[-300:]}")
    report = json.loads(done.stdout)
    report["aggregator_megabytes"] = watch.megabytes
    return report


def settle(aggregator, timeout=600):
    """Has what is hot sealed, as a start with little room for it does, and waits until the packs stay
    as they are."""
    aggregator.terminate(timeout=60)
    before = dict(aggregator.environment)
    aggregator.environment = before | {"TRIBUTARY_HOT__SEAL_EVENTS": "100"}
    aggregator.start(timeout=120)
    deadline, last, since = time.monotonic() + timeout, None, time.monotonic()
    while time.monotonic() < deadline:
        hot = metric(aggregator.metrics(), "tributary_hot_events") or 0
        state = (hot >= 100, pack_sizes(aggregator.data))
        if state[0]:
            since = time.monotonic()
        if state != last:
            last, since = state, time.monotonic()
        elif time.monotonic() - since > 4:
            break
        time.sleep(0.2)
    aggregator.terminate(timeout=60)
    aggregator.environment = before


def pack_sizes(data):
    folder = os.path.join(data, "packs")
    try:
        return sorted((name, os.path.getsize(os.path.join(folder, name))) for name in os.listdir(folder))
    except FileNotFoundError:
        return []


def packs(aggregator):
    """How many packs there are."""
    return sum(name.endswith(".pack") for name, _ in pack_sizes(aggregator.data))


def folder_bytes(data):
    """Bytes of the events: all files but the reserve for a full disk."""
    return sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(data)
               for name in names
               if os.path.isfile(os.path.join(root, name)) and not name.endswith(".ballast"))


def ask(aggregator, folder, queries=(), runs=0, seed=1, threads=2, export=None, answers=True,
        timeout=1800):
    """What the store of an aggregator that has ended says: the runner's report.

    Rows of questions are as in the oracle; a question that the runner does not know is in `unknown`.
    """
    command = [answers_binary(), aggregator.data, os.path.join(folder, "manifest.json"), "--runs",
               str(runs), "--seed", str(seed), "--threads", str(threads), "--answers",
               "yes" if answers else "no"]
    if queries:
        command += ["--queries", ",".join(queries)]
    if export:
        command += ["--export", export]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False,
                          env=inherited())
    if done.returncode != 0:
        raise RuntimeError(f"answers: {done.returncode}: {done.stderr[-800:]}")
    report = json.loads(done.stdout)
    if answers and "export_csv" in report["questions"]:
        columns, rows = peers.read_export(export)
        report["questions"]["export_csv"] |= {"columns": columns, "rows": rows}
    return report


def ask_questions(aggregator, project, questions, timeout=600):
    """Answers to questions in the JSON form of the API: `{"events": n, "answers": [...]}`."""
    path = os.path.join(aggregator.data, "questions.json")
    with open(path, "w") as file:
        json.dump({"project": project, "questions": questions}, file)
    done = subprocess.run([answers_binary(), aggregator.data, "--questions", path], capture_output=True,
                          text=True, timeout=timeout, check=False, env=inherited())
    if done.returncode != 0:
        raise RuntimeError(f"answers: {done.returncode}: {done.stderr[-800:]}")
    return json.loads(done.stdout)


def peer_arguments(folder, work, queries=None, runs=7, seed=1):
    return argparse.Namespace(data=folder, work=work, runs=runs, seed=seed,
                              queries=",".join(queries or peers.names_of_queries()))


def difference(expected, found):
    """Where two answers differ, in words; None where they do not."""
    if len(expected["columns"]) != len(found["columns"]):
        return f"columns {found['columns']} for {expected['columns']}"
    for number, (left, right) in enumerate(zip(expected["rows"], found["rows"])):
        if not peers.agree(left, right):
            return f"row {number}: {right} for {left}"
    if len(expected["rows"]) != len(found["rows"]):
        return f"{len(found['rows'])} rows for {len(expected['rows'])}"
    return None
