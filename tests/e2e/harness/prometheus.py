# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus: started on a free port with a configuration of the test, asked, and stopped. Debian's package has it.

`SLUICE_TEST_PROMETHEUS` names another binary; `promtool` is taken from beside it, else from PATH.
"""
import json
import os
import pathlib
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from .collector import free_port, wait_until


def binary():
    """The path of Prometheus, or None."""
    return shutil.which(os.environ.get("SLUICE_TEST_PROMETHEUS", "prometheus"))


def tool():
    """The path of promtool, or None."""
    beside = pathlib.Path(binary() or "/nowhere").with_name("promtool")
    return str(beside) if beside.is_file() else shutil.which("promtool")


def run_tool(*arguments):
    """Runs `promtool ...`; the result has returncode and stdout (with stderr in it)."""
    return subprocess.run([tool(), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False)


def configuration(targets, interval="500ms", more=""):
    """The text of a prometheus.yml. targets: job -> port of loopback."""
    lines = ["global:", f"  scrape_interval: {interval}", f"  scrape_timeout: {interval}", f"  evaluation_interval: {interval}", more,
             "scrape_configs:"]
    for job, port in targets.items():
        lines += [f"  - job_name: {job}", "    static_configs:", f"      - targets: ['127.0.0.1:{port}']"]
    return "\n".join(lines) + "\n"


def make_blocks(folder, series):
    """Writes series into a new database, as if they had been scraped. series: [(name, {label: value}, [(time, number), ...])]."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, labels, samples in series:
        text = ",".join(f"{label}={json.dumps(value)}" for label, value in sorted(labels.items()))
        # promtool cuts times to milliseconds; a little more than the millisecond stays the same one.
        lines += [f"{name}{{{text}}} {value!r} {time + 0.0003:.4f}" for time, value in samples]
    source = folder / "series.txt"
    source.write_text("\n".join([*lines, "# EOF"]) + "\n")
    answer = run_tool("tsdb", "create-blocks-from", "openmetrics", source, folder / "data")
    assert answer.returncode == 0, answer.stdout
    return folder / "data"


class QueryError(Exception):
    """What Prometheus said about a query that it could not answer."""


class Api:
    """The HTTP API of a Prometheus on a port of loopback."""

    def __init__(self, port):
        self.port = port

    def api(self, path, **parameters):
        """The `data` of one answer of the HTTP API."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?" + urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise QueryError(f"{path} {parameters}: {json.load(error).get('error')}") from None

    def query(self, expression, at=None):
        """An instant query: {labels: number}, where labels is a frozenset of pairs. A scalar has no labels."""
        data = self.api("query", query=expression, **({} if at is None else {"time": at}))
        if data["resultType"] == "scalar":
            return {frozenset(): float(data["result"][1])}
        return {frozenset(one["metric"].items()): float(one["value"][1]) for one in data["result"]}

    def samples(self, selector, seconds, at=None):
        """The raw samples of a selector: {labels: [(time, number), ...]}."""
        data = self.api("query", query=f"{selector}[{seconds}s]", **({} if at is None else {"time": at}))
        return {frozenset(one["metric"].items()): [(time, float(value)) for time, value in one["values"]] for one in data["result"]}

    def targets(self):
        """{job: target} of what it scrapes, with `health`, `lastError` and so on."""
        return {target["labels"]["job"]: target for target in self.api("targets")["activeTargets"]}

    def rules(self):
        """{(group, name): rule}, with `health`, `lastError`, and `state` for alerts."""
        return {(group["name"], rule["name"]): rule for group in self.api("rules")["groups"] for rule in group["rules"]}

    def wait_for(self, expression, condition=bool, seconds=30):
        """Asks until condition(answer) holds, and returns the answer."""
        found = {}

        def holds():
            found["answer"] = self.query(expression)
            return condition(found["answer"])

        try:
            wait_until(holds, seconds, expression, every=0.1)
        except AssertionError as problem:
            raise AssertionError(f"{problem}; the last answer was {found.get('answer')}") from None
        return found["answer"]


class Prometheus(Api):
    """One running Prometheus in a folder of its own."""

    def __init__(self, folder, config, data=None, features=(), port=None):
        """config: the text of prometheus.yml. data: a folder with blocks to begin with. features: for --enable-feature."""
        super().__init__(port or free_port())
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "prometheus.yml").write_text(config)
        self.log_file = self.folder / "prometheus.log"
        self.process = None
        self.command = [binary(), f"--config.file={self.folder / 'prometheus.yml'}", f"--storage.tsdb.path={data or self.folder / 'data'}",
                        f"--web.listen-address=127.0.0.1:{self.port}", *([f"--enable-feature={','.join(features)}"] if features else [])]

    def start(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        try:
            wait_until(lambda: self._ready() or self.process.poll() is not None, 60, "Prometheus to be ready", every=0.05)
            assert self.process.poll() is None, f"Prometheus ended with {self.process.returncode}:\n{self.log_file.read_text()[-4000:]}"
        except AssertionError:
            self.close()
            raise
        return self

    def close(self):
        if self.process is not None:
            self.process.kill()  # nobody needs what it has stored any more
            self.process.wait(30)

    def _ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False
