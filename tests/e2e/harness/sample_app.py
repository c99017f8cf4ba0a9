# SPDX-License-Identifier: Apache-2.0
"""The seed's sample application, unchanged, as a process: asked for its pages, each in a trace of the test's own choice."""
import dataclasses
import json
import os
import subprocess
import urllib.error
import urllib.request

from . import sockets
from .collector import free_port, wait_until

# The application throws dice about its errors; a test that wants to know the outcome beforehand gives the dice.
START = """
import itertools, random, sys
if sys.argv[2:]:
    random.random = itertools.cycle(map(float, sys.argv[2:])).__next__
import uvicorn
uvicorn.run("app:app", host="127.0.0.1", port=int(sys.argv[1]))
"""


@dataclasses.dataclass
class Answer:
    path: str
    status: int
    body: dict
    trace: bytes

    def seconds(self):
        """How long the application says that it took, where it says so."""
        return self.body["latency_ms"] / 1000


class SampleApp:
    """Exports to a port of loopback by OTLP/gRPC. `answers` has everything it was asked, in order."""

    SPANS = {"/hello": ["process-hello"], "/slow": ["downstream-db-query", "slow-operation"], "/error": [], "/health": []}

    def __init__(self, python, seeds, otlp_port, log_file, dice=()):
        self.port = free_port()
        self.answers = []
        with open(log_file, "wb") as log:
            self.process = subprocess.Popen(
                [python, "-c", START, str(self.port), *map(str, dice)], cwd=seeds / "sample-app", stdout=log, stderr=log,
                env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{otlp_port}",
                     "OTEL_SERVICE_NAME": "sample-app", "PYTHONDONTWRITEBYTECODE": "1"})
        try:
            wait_until(self._listens, 60, f"the sample application, see {log_file}")
        except AssertionError:
            self.process.kill()
            raise

    def _listens(self):
        # No request: what it answers before the test begins would be in its metrics.
        assert self.process.poll() is None, f"the sample application ended with {self.process.returncode}"
        try:
            sockets.connect(self.port).close()
            return True
        except OSError:
            return False

    def ask(self, path):
        trace = os.urandom(15) + b"\1"
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}",
                                         headers={"traceparent": f"00-{trace.hex()}-{'1' * 16}-01"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        self.answers.append(Answer(path, status, json.loads(body), trace))
        return self.answers[-1]

    def spans(self):
        """What its answers must have left: trace id -> the sorted names of its spans."""
        # The server's span, two for the parts of its answer, and what the handler opens itself.
        return {answer.trace: sorted([f"GET {answer.path}", *[f"GET {answer.path} http send"] * 2, *self.SPANS[answer.path]])
                for answer in self.answers}

    def stop(self):
        """Ends it; it hands over what it has: spans, and its metrics for the last time."""
        self.process.terminate()
        self.process.wait(60)

    def close(self):
        self.process.kill()
        self.process.wait(30)
