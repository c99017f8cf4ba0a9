# SPDX-License-Identifier: Apache-2.0
"""Traces of the sample application and of the SDK reach Tempo through an unchanged file of the OpenTelemetry Collector.

The real Tempo runs where SLUICE_TEST_TEMPO names its binary; its API then gives back every trace. Everywhere the same tests
run against the strict stand-in.
"""
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.request

import pytest
from harness import clients, collector as process, otlp
from harness.backend import Backend

CONFIG = pathlib.Path(__file__).parent / "testdata/otelcol.yaml"
TEMPO_CONFIG = process.ROOT.parent / "shared/backends/tempo.yaml"


class StandIn:
    def __init__(self, _):
        self.backend = Backend()
        self.endpoint = f"127.0.0.1:{self.backend.grpc_port}"
        self.http_endpoint = f"http://127.0.0.1:{self.backend.http_port}"

    def spans(self, trace_id):
        """The names of the spans of one trace."""
        return sorted(span.name for request in self.backend.stored("traces") for span in otlp.items("traces", request.message)
                      if span.trace_id == trace_id)

    def close(self):
        self.backend.close()


class RealTempo:
    def __init__(self, folder):
        binary = os.environ.get("SLUICE_TEST_TEMPO")
        if not binary:
            pytest.skip("SLUICE_TEST_TEMPO names no Tempo binary; the stand-in took its place")
        if not TEMPO_CONFIG.is_file():
            pytest.skip(f"no {TEMPO_CONFIG}")
        config = folder / "tempo.yaml"
        text = TEMPO_CONFIG.read_text().replace("/tmp/tempo-test", str(folder / "tempo"))
        # The file has OTLP/gRPC only; OTLP/HTTP is added beside it for the tests that send by HTTP.
        config.write_text(text.replace('grpc: {endpoint: "127.0.0.1:14317"}', 'grpc: {endpoint: "127.0.0.1:14317"}, http: {endpoint: "127.0.0.1:14318"}'))
        self.log = open(folder / "tempo.log", "wb")
        self.process = subprocess.Popen([binary, f"-config.file={config}"], stdout=self.log, stderr=self.log)
        self.endpoint, self.http_endpoint = "127.0.0.1:14317", "http://127.0.0.1:14318"
        try:
            process.wait_until(lambda: self.get("/ready") is not None or self.process.poll() is not None, 60, "Tempo to be ready")
            assert self.process.poll() is None, f"Tempo ended with {self.process.returncode}: {folder / 'tempo.log'}"
        except AssertionError:
            self.close()
            raise

    @staticmethod
    def get(path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:13200{path}", timeout=5) as answer:
                return answer.read()
        except (urllib.error.URLError, OSError):
            return None

    def spans(self, trace_id):
        request = urllib.request.Request(f"http://127.0.0.1:13200/api/v2/traces/{trace_id.hex()}", headers={"Accept": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                trace = json.load(answer).get("trace", {})
        except urllib.error.HTTPError:
            return []
        return sorted(span["name"] for resource in trace.get("resourceSpans", ())
                      for scope in resource.get("scopeSpans", ()) for span in scope.get("spans", ()))

    def close(self):
        self.process.kill()  # what it has stored is not needed any more, and its own stop can take minutes
        self.process.wait(30)
        self.log.close()


@pytest.fixture(params=[StandIn, RealTempo], ids=["stand-in", "real"])
def tempo(request, tmp_path):
    one = request.param(tmp_path)
    yield one
    one.close()


def start(collector, tempo, *arguments):
    grpc, http = process.free_port(), process.free_port()
    sluice = collector(CONFIG, *arguments, env={"OTLP_GRPC": f"127.0.0.1:{grpc}", "OTLP_HTTP": f"127.0.0.1:{http}", "TEMPO": tempo.endpoint})
    return sluice, grpc, http


def one_trace(number, identity):
    """`number` spans of one trace."""
    message = otlp.make("traces", number, f"trace {identity}")
    for span in otlp.items("traces", message):
        span.trace_id = bytes(15) + bytes([identity])
        span.start_time_unix_nano += 10**9 * 60 * identity
        span.end_time_unix_nano += 10**9 * 60 * identity
    return message


@pytest.mark.parametrize("egress", ["grpc", "http"])
def test_every_span_can_be_read_back(collector, tempo, egress):
    arguments = []
    if egress == "http":
        arguments = ["--set", f"exporters.otlp_http/tempo.endpoint={tempo.http_endpoint}",
                     "--set", "service.pipelines.traces.exporters=[otlp_http/tempo]"]
    sluice, grpc, http = start(collector, tempo, *arguments)
    traces = {identity: one_trace(20 * identity, identity) for identity in range(1, 11)}
    for identity, message in traces.items():
        if identity % 2:
            assert clients.send_grpc(grpc, "traces", message).code == 0
        else:
            assert clients.send_http(http, "traces", message)[0] == 200
    for identity, message in traces.items():
        expected = sorted(otlp.names("traces", message))
        process.wait_until(lambda expected=expected, identity=identity: tempo.spans(bytes(15) + bytes([identity])) == expected,
                           30, f"{len(expected)} spans of trace {identity}")
    account = sluice.stop()
    assert account["received"] == account["delivered"] == 1100


def test_sample_application_arrives_whole(collector, tempo, seeds, seed_python, tmp_path):
    sluice, grpc, _ = start(collector, tempo)
    port = process.free_port()
    with open(tmp_path / "app.log", "wb") as log:
        app = subprocess.Popen([seed_python, "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(port)],
                               cwd=seeds / "sample-app", stdout=log, stderr=log,
                               env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{grpc}",
                                    "OTEL_SERVICE_NAME": "sample-app", "PYTHONDONTWRITEBYTECODE": "1"})
    sent = {}  # trace id -> path; we choose the ids, so that every trace can be asked for

    def ask(path):
        """GET of the application as part of a trace of ours; its status, or None if it does not answer yet."""
        trace = os.urandom(16)
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"traceparent": f"00-{trace.hex()}-{'1' * 16}-01"})
        try:
            status = urllib.request.urlopen(request, timeout=10).status
        except urllib.error.HTTPError as error:
            status = error.code
        except OSError:
            return None
        sent[trace] = path
        return status

    try:
        process.wait_until(lambda: ask("/health"), 30, "the sample application")
        for path in ["/hello"] * 10 + ["/slow"] + ["/error"] * 5:
            assert ask(path) in (200, 500)
    finally:
        app.terminate()  # flushes what it has: traces and its last metrics
        app.wait(30)
    process.wait_until(lambda: sluice.total("otelcol_exporter_sent_spans") == sluice.total("otelcol_receiver_accepted_spans") > 0)
    # Each request has the server's span, two for the parts of its answer, and what the handler opens itself.
    own = {"/hello": ["GET /hello", "process-hello"], "/slow": ["GET /slow", "downstream-db-query", "slow-operation"],
           "/error": ["GET /error"], "/health": ["GET /health"]}
    read_back = 0
    for trace, path in sent.items():
        expected = sorted(own[path] + [f"GET {path} http send"] * 2)
        process.wait_until(lambda: tempo.spans(trace) == expected, 30, f"{expected}, found {tempo.spans(trace)}")
        read_back += len(expected)
    account = sluice.stop()
    assert account["received"] == account["delivered"] and account["dropped"] == 0
    assert read_back == sluice.final_sent_spans
