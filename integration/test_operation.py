"""Health, metrics, logs, configuration, exit codes and help of both programs. About 30 s."""

import json
import os
import re
import shutil
import statistics
import subprocess
import time
from datetime import datetime

import pytest

from harness.client import request, wait_for
from harness.load import Load
from harness.ports import free_port
from harness.programs import Collector, metric, run_tool

PROGRAMS = ["tributary-aggregator", "tributary-collector"]


@pytest.fixture(scope="module")
def used(shared_pair):
    """The pair after some traffic of every kind: good, bad, questions."""
    aggregator, collector = shared_pair
    with Load(collector.host, collector.port, aggregator.write_key, threads=2, seed=1) as load:
        wait_for(lambda: len(load.book.acknowledged) > 300, 10)
    collector.post("/api/v1/events", b"{", key=aggregator.write_key)
    collector.post("/api/v1/events", {"event_name": "x"}, key="wk_wrong")
    aggregator.post("/api/v1/events", [{"event_name": "good"}, {"event_name": ""}])
    for path in ("/api/v1/events", "/api/v1/events/stats", "/nowhere"):
        aggregator.ask(path)
    time.sleep(0.5)
    return aggregator, collector


@pytest.fixture(params=["aggregator", "collector"])
def program(request, used):
    return used[0] if request.param == "aggregator" else used[1]


# Health

def test_health_says_version_and_the_state_of_each_dependency(program):
    for path, statuses in (("/health", ("ok", "degraded")), ("/api/v1/health", ("ok", "degraded")),
                           ("/health/ready", ("ready",)), ("/health/live", ("live",))):
        response = program.get(path)
        assert response.status == 200, response
        answer = response.json()
        assert answer["status"] in statuses, answer
        assert re.match(r"\d+\.\d+", answer["version"]), answer
        assert answer["service"] == program.binary_name, answer
    for name, state in program.get("/health").json()["dependencies"].items():
        assert state["status"] in ("ok", "degraded"), (name, state)


def test_health_needs_no_key_and_shows_no_secret(used):
    aggregator, collector = used
    for program in used:
        text = program.get("/health").body.decode()
        assert not any(secret in text for secret in secrets(aggregator))


def test_a_collector_without_its_aggregator_is_degraded_but_ready(house):
    aggregator, collector = house.pair()
    aggregator.kill()
    collector.post("/api/v1/events", {"event_name": "x"}, key=aggregator.write_key)
    wait_for(lambda: collector.get("/health").json()["status"] == "degraded", 20,
             what="health to notice the missing aggregator")
    assert collector.get("/health").status == 200 and collector.get("/health/ready").status == 200
    collector.kill()
    collector.start()  # Needs no network to start.
    assert collector.post("/api/v1/events", {"event_name": "x"},
                          key=aggregator.write_key).status == 200


def aggregator_part(collector):
    return collector.get("/health").json()["dependencies"]["aggregator"]


def test_a_collector_without_traffic_notices_that_its_aggregator_is_gone_and_back(house):
    aggregator, collector = house.pair()
    wait_for(lambda: aggregator_part(collector)["status"] == "ok", 20)
    aggregator.kill()
    collector.restart()  # It says hello at its start, and needs no answer.
    wait_for(lambda: aggregator_part(collector)["status"] == "degraded", 20,
             what="health to notice the missing aggregator without any traffic")
    detail = aggregator_part(collector)["detail"]
    assert "cannot be reached" in detail and "(since 20" in detail, detail
    assert collector.get("/health/ready").status == 200
    aggregator.start()
    wait_for(lambda: aggregator_part(collector)["status"] == "ok", 30,
             what="health to notice that the aggregator is back")


def test_a_collector_that_is_not_enrolled_says_so(house):
    collector = house.keep(Collector(house.path("bare"), house.logs, "https://127.0.0.1:1", "bare"))
    collector.start(wait=False)
    host, port = collector.health_address()
    wait_for(lambda: request(host, port, "GET", "/health/live").status == 200, 10)
    assert request(host, port, "GET", "/health/ready").status == 503
    response = collector.post("/api/v1/events", {"event_name": "x"}, key="wk_any")
    assert response.status == 503 and response.json()["code"] == "not_enrolled", response


# Metrics

def test_metrics_pass_promtool(program):
    text = program.metrics()
    assert shutil.which("promtool"), "promtool is missing: scripts/install-dependencies"
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    names = set(re.findall(r"^# TYPE (\S+)", text, re.M))
    helped = set(re.findall(r"^# HELP (\S+)", text, re.M))
    assert names and names == helped, names ^ helped


def test_metrics_have_their_names_and_count(used):
    aggregator, collector = used
    for program in used:
        text = program.metrics()
        assert metric(text, "ingest_events_total") > 0
        assert metric(text, "ingest_latency_seconds_count") > 0
    text = aggregator.metrics()
    assert metric(text, "report_query_total") >= 2
    assert metric(text, "report_query_duration_seconds_count") >= 2
    before = metric(collector.metrics(), "ingest_events_total")
    for _ in range(7):
        collector.post("/api/v1/events", {"event_name": "counted"}, key=aggregator.write_key)
    assert metric(collector.metrics(), "ingest_events_total") == before + 7


# Logs

def test_logs_are_json_lines_with_their_fields(program):
    records = program.log_records()
    assert records
    for record in records:
        assert "raw" not in record, record
        for field in ("timestamp", "level", "service", "message"):
            assert record.get(field), record
        assert "project_id" in record and "trace_id" in record, record
        datetime.fromisoformat(record["timestamp"].replace("Z", "+00:00"))
        assert record["timestamp"].endswith("Z")
        assert record["service"] == program.binary_name, record
        assert record["level"] in ("debug", "info", "warning", "error"), record


def test_a_success_writes_no_line(used):
    aggregator, collector = used
    before = len(collector.log_records())
    for _ in range(50):
        collector.post("/api/v1/events", {"event_name": "quiet"}, key=aggregator.write_key)
    time.sleep(0.3)
    assert len(collector.log_records()) - before < 5


def test_a_trace_id_is_taken_from_traceparent(house):
    aggregator = house.aggregator(start=False)
    aggregator.extra_arguments = ["--set", "log.level=debug"]
    aggregator.start()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    aggregator.post("/api/v1/events", {"event_name": "traced"},
                    headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    wait_for(lambda: any(r.get("trace_id") == trace for r in aggregator.log_records()), 5,
             what="a log line with the trace id")
    record = next(r for r in aggregator.log_records() if r.get("trace_id") == trace)
    assert record.get("project_id") == aggregator.project, record


def secrets(aggregator):
    names = ("write_key", "read_key", "admin_key", "client_secret", "owner_password",
             "enrolment_token")
    return [aggregator.secrets[name] for name in names]


def test_secrets_are_in_no_log_metric_or_error(used):
    aggregator, collector = used
    canary = "wk_canary_5f1d3a77c0ffee"
    for program in used:
        host, port = program.health_address()
        texts = []
        for headers in ({"X-API-Key": canary}, {"Authorization": f"Bearer {canary}"},
                        {"Authorization": f"Basic {canary}"},
                        {"event-lens-client-id": "x", "event-lens-client-secret": canary}):
            response = request(host, port, "POST", "/api/v1/events", b"{", headers)
            texts.append(response.body.decode())
        request(host, port, "GET", f"/api/v1/events?api_key={canary}")
        time.sleep(0.2)
        texts += [program.log(), program.metrics()]
        for text in texts:
            for secret in [canary] + secrets(aggregator):
                assert secret not in text


def test_key_files_are_private(used):
    for program in used:
        for folder, _, names in os.walk(program.data):
            assert os.stat(folder).st_mode & 0o077 == 0, folder
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not path.endswith((".crt", ".pem", "ca.pem")):
                    assert os.stat(path).st_mode & 0o077 == 0, path


def test_stored_keys_are_hashed(used):
    aggregator, collector = used
    for program in used:
        for folder, _, names in os.walk(program.data):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not path.endswith(".ballast"):
                    with open(path, "rb") as file:
                        data = file.read()
                    for secret in secrets(aggregator):
                        assert secret.encode() not in data, f"a secret stands in {path}"


# Configuration

@pytest.mark.parametrize("name,text,line,suggestion", [
    ("tributary-collector", '// a comment\n{\n  spool: {\n    max_byte: "1GiB",\n  },\n}\n', 4,
     "max_bytes"),
    ("tributary-aggregator", "{\n  hot: { max_event: 5 },\n}\n", 2, "max_events"),
    ("tributary-aggregator", "{\n  hoot: {},\n}\n", 2, "hot")])
def test_an_unknown_key_is_refused_with_place_and_suggestion(tmp_path, name, text, line, suggestion):
    path = tmp_path / "config.json5"
    path.write_text(text)
    for arguments in (["check-config", "--config", path], ["run", "--config", path]):
        done = run_tool(name, *arguments, timeout=10)
        assert done.returncode == 78, done
        assert re.search(rf"config\.json5:{line}:\d+", done.stderr), done.stderr
        assert suggestion in done.stderr, done.stderr


@pytest.mark.parametrize("name,text,line", [
    ("tributary-collector", "{\n  spool: {\n", 2),
    ("tributary-collector", "{ spool: { max_bytes: 'many' } }", 1),
    ("tributary-aggregator", "{ hot: { max_events: -5 } }", 1),
    ("tributary-aggregator", "{ hot: { max_events: 'x' } } trailing", 1),
    ("tributary-aggregator", "\n\n[1]", 3)])
def test_a_broken_file_is_refused_with_its_place(tmp_path, name, text, line):
    path = tmp_path / "broken.json5"
    path.write_text(text)
    done = run_tool(name, "check-config", "--config", path, timeout=10)
    assert done.returncode == 78, done
    assert re.search(rf"broken\.json5:{line}:\d+", done.stderr), done.stderr


@pytest.mark.parametrize("name,key,good,bad", [
    ("tributary-collector", "spool.max_bytes", "2GiB", "-1"),
    ("tributary-aggregator", "hot.max_events", "5000", "some")])
def test_a_key_comes_from_flag_and_environment_too(tmp_path, name, key, good, bad):
    path = tmp_path / "config.json5"
    path.write_text("{}")
    variable = "TRIBUTARY_" + key.upper().replace(".", "__")
    base = ["check-config", "--config", path]
    assert run_tool(name, *base, "--set", f"{key}={good}").returncode == 0
    done = run_tool(name, *base, "--set", f"{key}={bad}")
    assert done.returncode == 78 and key in done.stderr, done
    assert run_tool(name, *base, env=os.environ | {variable: good}).returncode == 0
    done = run_tool(name, *base, env=os.environ | {variable: bad})
    assert done.returncode == 78 and (variable in done.stderr or key in done.stderr), done


def test_a_missing_file_is_named(tmp_path):
    done = run_tool("tributary-collector", "run", "--config", tmp_path / "nowhere.json5", timeout=10)
    assert done.returncode != 0 and "nowhere.json5" in done.stderr, done


# Command line

@pytest.mark.parametrize("name", PROGRAMS)
def test_help_helps_and_version_is_a_version(name):
    for flag in ("--help", "-h"):
        done = run_tool(name, flag)
        assert done.returncode == 0 and not done.stderr, done
        for word in ("run", "--config", "--data", "--set", "check-config"):
            assert word in done.stdout, f"{word} is not in the help"
    done = run_tool(name, "--version")
    assert done.returncode == 0 and re.search(r"\d+\.\d+", done.stdout), done


@pytest.mark.parametrize("name,words", [
    ("tributary-collector", ["run", "--hlep"]), ("tributary-collector", ["enrol"]),
    ("tributary-aggregator", ["inti"]), ("tributary-aggregator", ["run", "--listen"]),
    ("tributary-aggregator", ["run", "--data", "x", "--listen", "nonsense"])])
def test_a_wrong_call_is_a_64_that_points_to_help(name, words):
    done = run_tool(name, *words, timeout=10)
    assert done.returncode == 64, done
    assert done.stderr and not done.stdout


def test_init_prints_one_object_and_never_overwrites(tmp_path):
    data = tmp_path / "data"
    done = run_tool("tributary-aggregator", "init", "--data", data, "--json")
    assert done.returncode == 0, done
    answer = json.loads(done.stdout)
    for field in ("project_id", "write_key", "read_key", "admin_key", "client_id", "client_secret",
                  "owner_email", "owner_password", "enrolment_token", "ca_file"):
        assert answer[field], field
    again = run_tool("tributary-aggregator", "init", "--data", data, "--json")
    assert again.returncode != 0 and str(data) in again.stderr, again


def test_a_taken_port_and_a_taken_folder_are_explained(used):
    aggregator, _ = used
    done = run_tool("tributary-aggregator", "run", "--data", aggregator.data, "--listen",
                    f"127.0.0.1:{free_port()}", timeout=15)
    assert done.returncode not in (0, None), done
    assert aggregator.data in done.stderr + done.stdout, done
    assert aggregator.is_ready()


def test_a_taken_port_is_explained(house, used):
    aggregator, _ = used
    other = house.aggregator("second", start=False)
    done = run_tool("tributary-aggregator", "run", "--data", other.data, "--listen",
                    f"127.0.0.1:{aggregator.port}", "--tls", f"127.0.0.1:{free_port()}", timeout=15)
    assert done.returncode != 0 and str(aggregator.port) in done.stderr + done.stdout, done


def test_sigterm_ends_both_with_0_and_a_restart_is_quick(house):
    aggregator, collector = house.pair()
    for program in (aggregator, collector):
        program.ready_seconds.clear()
        for _ in range(5):
            assert program.terminate(timeout=6) == 0
            program.start()
        assert statistics.median(program.ready_seconds) < 1.0, program.ready_seconds


def test_an_idle_collector_is_small(house):
    aggregator, collector = house.pair()
    time.sleep(1.5)
    memory, cpu = collector.memory_kilobytes(), collector.cpu_seconds()
    time.sleep(2)
    assert collector.cpu_seconds() - cpu <= 0.05, "an idle collector works"
    # The figure itself (10 MB) belongs to the benchmark; here a bound that only a mistake breaks.
    assert memory["VmRSS"] < 40_000, memory
