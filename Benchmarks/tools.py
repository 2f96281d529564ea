"""What the benchmark stands on: nginx beside us, wrk before us, the dataset, samples of memory."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(REPOSITORY, "integration"))

from harness.certificates import make_self_signed  # noqa: E402
from harness.client import request, wait_for  # noqa: E402
from harness.ports import free_port  # noqa: E402

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]


def pinned(core):
    """A prefix that keeps a program on one core; nothing where there is only one."""
    return ["taskset", "-c", str(core)] if len(CORES) > 1 and shutil.which("taskset") else []


def wrk(url, script, *arguments, seconds=4, connections=64, threads=1, core=CLIENT_CORE):
    """One run of wrk: requests a second, latencies in milliseconds, errors."""
    command = [*pinned(core), "wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency",
               "-s", os.path.join(HERE, "wrk", script), url, "--", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          timeout=seconds + 60)
    line = next((l for l in done.stdout.splitlines() if l.startswith("RESULT ")), None)
    if line is None:
        raise RuntimeError(f"wrk failed: {done.stdout[-500:]} {done.stderr[-500:]}")
    result = json.loads(line[7:])
    return {"per_second": result["requests"] / (result["microseconds"] / 1e6),
            "requests": result["requests"], "errors": result["errors"],
            "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000,
            "max_ms": result["max_us"] / 1000}


def alternating(runs, rounds=5):
    """Runs each of the named actions in turn, so that the machine's moods meet all alike.

    Returns for each name the median of `per_second` and of `p99_ms`, and all runs.
    """
    results = {name: [] for name in runs}
    for turn in range(rounds):
        order = list(runs) if turn % 2 == 0 else list(runs)[::-1]
        for name in order:
            results[name].append(runs[name]())
    return {name: {"per_second": statistics.median(r["per_second"] for r in rs),
                   "p99_ms": statistics.median(r["p99_ms"] for r in rs),
                   "errors": sum(r["errors"] for r in rs),
                   "runs": [round(r["per_second"]) for r in rs]}
            for name, rs in results.items()}


class Nginx:
    """Debian's nginx with one worker that answers everything at once and does nothing with it."""

    def __init__(self, folder, body='{"status":"ok"}', kind="application/json", core=SERVER_CORE):
        self.folder = os.path.join(folder, "nginx")
        os.makedirs(self.folder, exist_ok=True)
        self.port, self.tls_port = free_port(), free_port()
        certificate, key = make_self_signed(self.folder, "localhost", "DNS:localhost,IP:127.0.0.1")
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(f"""
worker_processes 1;
daemon off;
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_max_body_size 64m;
  client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi;
  scgi_temp_path {self.folder}/scgi;
  server {{
    listen 127.0.0.1:{self.port};
    listen 127.0.0.1:{self.tls_port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3;
    default_type {kind};
    location / {{ return 200 '{body}'; }}
  }}
}}
""")
        self.process = subprocess.Popen([*pinned(core), "nginx", "-c", path, "-p", self.folder],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: request("127.0.0.1", self.port, "GET", "/").status == 200, 10,
                 what="nginx")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self):
        return f"https://127.0.0.1:{self.tls_port}"

    def close(self):
        self.process.terminate()
        self.process.wait()


class Watch:
    """Samples a program's memory while something runs, and its CPU over the whole time."""

    def __init__(self, program, interval=0.1):
        self.program, self.interval, self.peak = program, interval, {}

    def __enter__(self):
        self._stop = threading.Event()
        self._cpu, self._started = self.program.cpu_seconds(), time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _run(self):
        while not self._stop.is_set():
            try:
                for name, value in self.program.memory_kilobytes().items():
                    self.peak[name] = max(self.peak.get(name, 0), value)
            except OSError:
                return
            self._stop.wait(self.interval)

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._started
        self.cpu = (self.program.cpu_seconds() - self._cpu) / self.seconds

    @property
    def megabytes(self):
        return {name: value / 1024 for name, value in self.peak.items()}


def dataset(work, events, python=None):
    """The folder of the generated events; made where it is missing (needs numpy)."""
    folder = os.path.join(work, f"data-{events}")
    if not os.path.exists(os.path.join(folder, "manifest.json")):
        print(f"generating {events:,} events into {folder}", file=sys.stderr, flush=True)
        subprocess.run([python or sys.executable, os.path.join(HERE, "generate.py"), "--events",
                        str(events), "--out", folder], check=True, stdout=subprocess.DEVNULL)
    return folder


def lines_of(folder, project=None, limit=None):
    """The dataset's lines as bytes, of one project or all, without repeats of an event."""
    wanted = None if project is None else b'"project_id":"%s"' % project.encode()
    seen, found = set(), []
    with open(os.path.join(folder, "events.ndjson"), "rb") as file:
        for line in file:
            if wanted is not None and wanted not in line[:120]:
                continue
            if (key := line[13:49]) in seen:
                continue
            seen.add(key)
            found.append(line.rstrip(b"\n"))
            if limit and len(found) == limit:
                break
    return found


def zstd_size(data, level=3):
    """Bytes of `data` under `zstd -3`."""
    done = subprocess.run(["zstd", f"-{level}", "-c", "--no-check"], input=data, capture_output=True,
                          check=True)
    return len(done.stdout)


def machine():
    """What the figures were taken on."""
    def read(path, key):
        try:
            with open(path) as file:
                return next((line.split(":", 1)[1].strip() for line in file if line.startswith(key)), "")
        except OSError:
            return ""
    def version(*command):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return (done.stdout + done.stderr).strip().splitlines()[0]
        except (OSError, IndexError):
            return ""
    return {"cpu": read("/proc/cpuinfo", "model name"), "cores": len(CORES),
            "memory": read("/proc/meminfo", "MemTotal"), "kernel": os.uname().release,
            "nginx": version("nginx", "-v"), "wrk": version("wrk", "-v")[:40]}
