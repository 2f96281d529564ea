"""The built programs under test: started, watched, killed and always cleaned up."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import time

from .client import Connection, client_tls, request, wait_for
from .ports import free_port

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def binary(name):
    """Where a built program lies; `TRIBUTARY_BIN` names another folder."""
    folder = os.environ.get("TRIBUTARY_BIN") or os.path.join(REPOSITORY, ".build", "release")
    path = os.path.join(folder, name)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is missing: build it first (make build), or set TRIBUTARY_BIN")
    return path


def inherited():
    """Our environment without the tests' own variables, which the programs would wonder about."""
    ours = ("TRIBUTARY_BIN", "TRIBUTARY_SEED", "TRIBUTARY_KILLS", "TRIBUTARY_FLIPS",
            "TRIBUTARY_FULL")
    return {name: value for name, value in os.environ.items() if name not in ours}


def built():
    """Whether both programs are there."""
    try:
        return bool(binary("tributary-aggregator") and binary("tributary-collector"))
    except FileNotFoundError:
        return False


def run_tool(name, *arguments, timeout=60, prefix=(), **options):
    """Runs a program to its end; the result has stdout and stderr as text."""
    options.setdefault("env", inherited())
    return subprocess.run([*prefix, binary(name), *map(str, arguments)], capture_output=True,
                          text=True, timeout=timeout, check=False, **options)


class Program:
    """One long-running program. Its output of all starts goes to one log file."""

    binary_name = ""

    def __init__(self, data, logs, name, prefix=(), environment=None):
        self.data, self.name, self.prefix = str(data), name, list(prefix)
        self.log_path = os.path.join(str(logs), f"{name}.log")
        self.environment = environment or {}
        self.extra_arguments = []
        self.process = None
        self.starts = 0
        self.ready_seconds = []

    # What the subclasses say.
    def arguments(self):
        raise NotImplementedError

    def health_address(self):
        raise NotImplementedError

    @property
    def pid(self):
        """The program's own process id, also below a prefix such as `ip netns exec`."""
        return self.process.pid

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def start(self, wait=True, timeout=20.0):
        """Starts the program; with `wait` returns when it is ready."""
        assert not self.is_running, f"{self.name} runs already"
        command = [*self.prefix, binary(self.binary_name), *map(str, self.arguments())]
        environment = inherited() | {k: str(v) for k, v in self.environment.items()}
        started = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL, env=environment)
        self.starts += 1
        if wait:
            self.wait_ready(timeout)
            self.ready_seconds.append(time.monotonic() - started)
        return self

    def is_ready(self):
        if not self.is_running:
            raise AssertionError(
                f"{self.name} ended with {self.process.returncode}; its log ends:\n{self.log_tail()}")
        host, port = self.health_address()
        return request(host, port, "GET", "/health/ready", timeout=5).status == 200

    def wait_ready(self, timeout=20.0):
        wait_for(self.is_ready, timeout, 0.005, f"{self.name} to be ready")

    def kill(self):
        """SIGKILL: what a crash looks like to everybody else."""
        if self.is_running:
            self.process.kill()
        if self.process is not None:
            self.process.wait()

    def terminate(self, timeout=10.0):
        """SIGTERM and the exit code; a program that does not end in time is killed and reported."""
        if not self.is_running:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {timeout} s of SIGTERM")

    def restart(self, timeout=20.0):
        self.terminate()
        return self.start(timeout=timeout)

    def signal(self, number):
        self.process.send_signal(number)

    # What a test may ask.
    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def log_tail(self, lines=30):
        return "\n".join(self.log().splitlines()[-lines:])

    def log_records(self):
        """The log's JSON lines as dictionaries; what is no JSON stands under the key `raw`."""
        records = []
        for line in self.log().splitlines():
            try:
                value = json.loads(line)
                records.append(value if isinstance(value, dict) else {"raw": line})
            except ValueError:
                records.append({"raw": line})
        return records

    def get(self, path, **options):
        host, port = self.health_address()
        return request(host, port, "GET", path, **options)

    def metrics(self):
        """The text of `/metrics`."""
        response = self.get("/metrics")
        assert response.status == 200, response
        return response.body.decode()

    def memory_kilobytes(self):
        """VmRSS, RssAnon and VmHWM of the running program."""
        fields = {}
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                name, _, rest = line.partition(":")
                if name in ("VmRSS", "RssAnon", "VmHWM"):
                    fields[name] = int(rest.split()[0])
        return fields

    def cpu_seconds(self):
        """User and system time that the program has used so far."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def metric(text, name, **labels):
    """The sum of a metric's samples whose labels include `labels`; None when there is none."""
    total, seen = 0.0, False
    for line in text.splitlines():
        match = re.match(r"([A-Za-z_:][\w:]*)(\{.*\})?\s+(\S+)", line)
        if not match or match.group(1) != name:
            continue
        if all(f'{key}="{value}"' in (match.group(2) or "") for key, value in labels.items()):
            total, seen = total + float(match.group(3)), True
    return total if seen else None


def copy_folder(source, target):
    """A copy of a stopped program's data: all but sockets, which cannot be copied, and the reserve
    that its disk keeps, which is large and empty."""
    def unwanted(folder, names):
        return [name for name in names if name.endswith(".ballast")
                or stat.S_ISSOCK(os.lstat(os.path.join(folder, name)).st_mode)]
    shutil.copytree(source, target, symlinks=True, ignore=unwanted)


class Aggregator(Program):
    """`tributary-aggregator` over a data folder of its own."""

    binary_name = "tributary-aggregator"

    def __init__(self, data, logs, name="aggregator", tls_host="127.0.0.1", **options):
        super().__init__(data, logs, name, **options)
        self.port, self.tls_port, self.tls_host = free_port(), free_port(), tls_host
        self.secrets = {}

    def init(self):
        """`init --json`: makes project, keys, owner, token and certificates."""
        done = run_tool(self.binary_name, "init", "--data", self.data, "--json")
        assert done.returncode == 0, f"init failed with {done.returncode}:\n{done.stderr}"
        self.secrets = json.loads(done.stdout)
        return self.secrets

    def copied_to(self, data, name):
        """A second aggregator over a copy of this one's (stopped) data, on other ports."""
        copy_folder(self.data, data)
        other = Aggregator(data, os.path.dirname(self.log_path), name, self.tls_host)
        other.secrets = dict(self.secrets)
        other.extra_arguments = list(self.extra_arguments)
        return other

    def arguments(self):
        return ["run", "--data", self.data, "--listen", f"127.0.0.1:{self.port}",
                "--tls", f"{self.tls_host}:{self.tls_port}", *self.extra_arguments]

    def health_address(self):
        return "127.0.0.1", self.port

    @property
    def url(self):
        return f"https://127.0.0.1:{self.tls_port}"

    @property
    def project(self):
        return self.secrets["project_id"]

    @property
    def write_key(self):
        return self.secrets["write_key"]

    @property
    def read_key(self):
        return self.secrets["read_key"]

    @property
    def ca_file(self):
        path = self.secrets["ca_file"]
        return path if os.path.isabs(path) else os.path.join(self.data, path)

    def tls(self, **versions):
        """A client's context that trusts this aggregator's development CA."""
        return client_tls(self.ca_file, **versions)

    def connection(self, timeout=10.0):
        return Connection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, path, key=None, timeout=20.0):
        """A question with the read key."""
        return self.get(path, headers={"Authorization": f"Bearer {key or self.read_key}"},
                        timeout=timeout)

    def post(self, path, body, key=None, headers=None, **options):
        """A direct intake request with the write key."""
        headers = {"X-API-Key": key or self.write_key} | (headers or {})
        return request("127.0.0.1", self.port, "POST", path, body, headers, **options)

    def new_token(self):
        """A further enrolment token, asked of the running program or its files."""
        done = run_tool(self.binary_name, "collector", "add", "--data", self.data)
        assert done.returncode == 0, done.stderr
        text = done.stdout.strip()
        try:
            return json.loads(text)["enrolment_token"]
        except (ValueError, KeyError, TypeError):
            return text.split()[-1]


class Collector(Program):
    """`tributary-collector` over a data folder of its own."""

    binary_name = "tributary-collector"

    def __init__(self, data, logs, aggregator_url, name="collector", host="127.0.0.1", **options):
        super().__init__(data, logs, name, **options)
        self.host, self.port, self.aggregator_url = host, free_port(), aggregator_url

    def enroll(self, token, url=None, timeout=30):
        """`enroll` with a one-time token; returns the finished process."""
        return run_tool(self.binary_name, "enroll", "--data", self.data,
                        "--aggregator", url or self.aggregator_url, "--token", token,
                        timeout=timeout, prefix=self.prefix)

    def copied_to(self, data, name):
        """A second collector over a copy of this one's (stopped) data, on another port."""
        copy_folder(self.data, data)
        other = Collector(data, os.path.dirname(self.log_path), self.aggregator_url, name)
        other.extra_arguments = list(self.extra_arguments)
        return other

    def arguments(self):
        return ["run", "--data", self.data, "--listen", f"{self.host}:{self.port}",
                "--aggregator", self.aggregator_url, *self.extra_arguments]

    def health_address(self):
        return self.host, self.port

    def connection(self, timeout=10.0):
        return Connection(self.host, self.port, timeout=timeout)

    def post(self, path, body, key=None, headers=None, **options):
        headers = ({"X-API-Key": key} if key else {}) | (headers or {})
        return request(self.host, self.port, "POST", path, body, headers, **options)


class House:
    """Makes programs below one folder and stops them all at the end."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.logs = os.path.join(self.folder, "logs")
        os.makedirs(self.logs, exist_ok=True)
        self.programs, self.cleanups = [], []

    def path(self, name):
        return os.path.join(self.folder, name)

    def keep(self, program):
        """Has a program stopped at the end that was made elsewhere."""
        self.programs.append(program)
        return program

    def aggregator(self, name="aggregator", start=True, data=None, **options):
        aggregator = self.keep(Aggregator(data or self.path(name), self.logs, name, **options))
        aggregator.init()
        return aggregator.start() if start else aggregator

    def collector(self, aggregator, name="collector", start=True, url=None, token=None, data=None,
                  **options):
        """A collector enrolled with `aggregator`, through `url` where something lies between."""
        url = url or aggregator.url
        collector = self.keep(
            Collector(data or self.path(name), self.logs, url, name, **options))
        done = collector.enroll(token or aggregator.secrets["enrolment_token"])
        assert done.returncode == 0, f"enroll failed with {done.returncode}:\n{done.stderr}"
        return collector.start() if start else collector

    def pair(self, **options):
        aggregator = self.aggregator()
        return aggregator, self.collector(aggregator, **options)

    def on_close(self, action):
        self.cleanups.append(action)

    def close(self):
        for program in reversed(self.programs):
            program.kill()
        for action in reversed(self.cleanups):
            action()
