# SPDX-License-Identifier: Apache-2.0
"""Traces of the sample application and of the SDK reach Tempo through an unchanged file of the OpenTelemetry Collector.

The real Tempo runs where SLUICE_TEST_TEMPO names its binary; its API then gives back every trace. Everywhere the same tests
run against the strict stand-in.
"""
import pathlib

import pytest
from harness import clients, collector as process, otlp
from harness.sample_app import SampleApp
from harness.tempo import RealTempo, StandIn

CONFIG = pathlib.Path(__file__).parent / "testdata/otelcol.yaml"


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
    app = SampleApp(seed_python, seeds, grpc, tmp_path / "app.log")
    try:
        for path in ["/hello"] * 10 + ["/slow"] + ["/error"] * 5:
            assert app.ask(path).status in (200, 500)
        app.stop()
    finally:
        app.close()
    process.wait_until(lambda: sluice.total("otelcol_exporter_sent_spans") == sluice.total("otelcol_receiver_accepted_spans") > 0)
    for trace, expected in app.spans().items():
        process.wait_until(lambda: tempo.spans(trace) == expected, 30, f"{expected}, found {tempo.spans(trace)}")
    account = sluice.stop()
    assert account["received"] == account["delivered"] and account["dropped"] == 0
    assert sum(map(len, app.spans().values())) == sluice.final_sent_spans
