# SPDX-License-Identifier: Apache-2.0
"""The process under test: started with a configuration, watched until it is ready, stopped, and its books checked."""
import json
import os
import pathlib
import re
import signal as signals
import socket
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get("SLUICE_BINARY", ROOT / "build/release/bin/sluice"))
READY = "Everything is ready"


_given = set()


def free_port():
    """A TCP port of loopback that nobody listens on."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:  # the system may name a port again that nobody listens on yet
            _given.add(port)
            return port


def wait_until(condition, seconds=20.0, what="the condition", every=0.01):
    """Waits until condition() is true and returns its value; fails the test after `seconds`. every: the pause between two looks."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(every)


def run_cli(*arguments, env=None, cwd=None, timeout=30):
    """Runs `sluice ...` to its end; the result has returncode, stdout and stderr."""
    return subprocess.run([str(BINARY), *map(str, arguments)], cwd=cwd, env={**os.environ, **(env or {})},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout, check=False)


class Collector:
    """One running `sluice run`. Use it through the `collector` fixture, which stops it and checks its books."""

    def __init__(self, config, folder, arguments=(), env=None):
        """config: a dictionary in the shape of the YAML (service::telemetry is added), or the path of a file."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.metrics_port = free_port()
        self.log_file = self.folder / "stderr.txt"
        self.output_file = self.folder / "stdout.txt"
        telemetry = {"metrics": {"level": "detailed", "readers": [
            {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": self.metrics_port}}}}]}}
        sources = []
        if isinstance(config, dict):
            source = self.folder / "config.yaml"
            source.write_text(json.dumps(config, indent=1))
            sources = ["--config", str(source)]
        elif config is not None:
            sources = ["--config", str(config)]
        overlay = self.folder / "telemetry.yaml"
        overlay.write_text(json.dumps({"service": {"telemetry": telemetry}}))
        self.command = [str(BINARY), "run", *sources, "--config", str(overlay), *map(str, arguments)]
        self.env = {**os.environ, **(env or {})}
        self.process = None
        self.account = None
        self.final_sent_spans = 0

    def start(self):
        with open(self.output_file, "wb") as output, open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, env=self.env, stdout=output, stderr=log)
        try:
            wait_until(lambda: READY in self.log() or self.process.poll() is not None, what=f"{READY!r} in {self.log_file}")
        except AssertionError:
            self.kill()
            raise
        assert self.process.poll() is None, f"sluice ended with {self.process.returncode}:\n{self.log()}"
        return self

    def log(self):
        return self.log_file.read_text(errors="replace")

    def output(self):
        return self.output_file.read_text(errors="replace")

    def metrics(self):
        """All samples of /metrics: {(name, ((label, value), ...)): number}."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
        samples = {}
        for line in text.splitlines():
            match = re.match(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)", line)
            if match and not line.startswith("#"):
                labels = tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2) or "")))
                samples[match.group(1), labels] = float(match.group(3))
        return samples

    def total(self, name, **labels):
        """The sum of one metric's samples that have the labels; 0 if there are none."""
        wanted = set(labels.items())
        return sum(value for (sample, have), value in self.metrics().items() if sample == name and wanted <= set(have))

    def check_books(self):
        """The ledger balances now: `sluice_ledger_imbalance` is there and 0."""
        found = {key: value for key, value in self.metrics().items() if key[0] == "sluice_ledger_imbalance"}
        assert found, "no sluice_ledger_imbalance in /metrics"
        assert all(value == 0 for value in found.values()), f"the books do not balance: {found}"

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def stop(self, number=signals.SIGTERM, seconds=30.0):
        """Checks the books, asks the process to stop, demands exit code 0 and a final account that adds up."""
        if self.account is not None:
            return self.account
        assert self.process.poll() is None, f"sluice ended by itself with {self.process.returncode}:\n{self.log()[-4000:]}"
        self.check_books()
        self.final_sent_spans = self.total("otelcol_exporter_sent_spans")
        self.process.send_signal(number)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"sluice did not stop in {seconds} s:\n{self.log()[-4000:]}") from None
        assert code == 0, f"exit code {code}:\n{self.log()[-4000:]}"
        self.account = Account.read(self.log())
        return self.account

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Account:
    """The one line at the end of a run, `received 30 = delivered 27 + dropped 3 (permanent 3)`: what became of every item."""

    LINE = re.compile(r"\b(received \d+.*?) = (delivered \d+[^\t\"{]*)")
    TERM = re.compile(r"([a-z][a-z ]*?) (-?\d+)(?: \(([^)]*)\))?")

    def __init__(self, left, right):
        self.terms = {}
        self.reasons = {}
        sums = [0, 0]
        for side, text in enumerate((left, right)):
            for name, number, reasons in self.TERM.findall(text):
                self.terms[name] = int(number)
                self.reasons[name] = {reason: int(count) for reason, count in re.findall(r"([a-z_]+) (\d+)", reasons)}
                sums[side] += int(number)
        assert "unaccounted" not in self.terms and sums[0] == sums[1], f"the account does not add up: {left} = {right}"

    @classmethod
    def read(cls, log):
        lines = [match for match in map(cls.LINE.search, log.splitlines()) if match]
        assert len(lines) == 1, f"expected one account, found {len(lines)} in:\n{log[-4000:]}"
        return cls(*lines[0].groups())

    def __getitem__(self, name):
        return self.terms.get(name, 0)

    def __repr__(self):
        return f"{self.terms} {self.reasons}"
