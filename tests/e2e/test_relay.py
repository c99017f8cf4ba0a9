# SPDX-License-Identifier: Apache-2.0
"""Telemetry of the OpenTelemetry SDK for Python goes through the collector unharmed: every item, once, by every protocol."""
import pytest
from harness import clients, collector as process, otlp
from harness.configs import relay_to
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SPANS, RECORDS, SERIES = 1500, 700, 40
RESOURCE = Resource.create({"service.name": "sdk"})


def sdk_exporters(protocol, relay, compression=None):
    if protocol == "grpc":
        endpoint = {"endpoint": f"127.0.0.1:{relay.grpc_port}", "insecure": True}
        return GrpcSpans(**endpoint), GrpcMetrics(**endpoint), GrpcLogs(**endpoint)
    base = f"http://127.0.0.1:{relay.http_port}"
    squeeze = {"compression": compression or Compression.NoCompression}
    return (HttpSpans(f"{base}/v1/traces", **squeeze), HttpMetrics(f"{base}/v1/metrics", **squeeze),
            HttpLogs(f"{base}/v1/logs", **squeeze))


def send_all(exporters):
    """Sends SPANS spans, SERIES data points and RECORDS log records, and waits until the exporters handed them over."""
    span_exporter, metric_exporter, log_exporter = exporters
    traces = TracerProvider(resource=RESOURCE)
    traces.add_span_processor(BatchSpanProcessor(span_exporter))
    tracer = traces.get_tracer("relay")
    for index in range(SPANS):
        with tracer.start_as_current_span(f"span {index}", attributes={"index": index, "text": "ä€𝄞"}) as span:
            if index % 2:
                span.add_event("halfway", {"index": index})
    assert traces.force_flush(20_000)
    traces.shutdown()

    metrics = MeterProvider(resource=RESOURCE, metric_readers=[PeriodicExportingMetricReader(metric_exporter, 3_600_000)])
    counter = metrics.get_meter("relay").create_counter("requests")
    for index in range(SERIES):
        counter.add(index + 1, {"series": str(index)})
    metrics.shutdown()  # collects and exports, once

    logs = LoggerProvider(resource=RESOURCE)
    logs.add_log_record_processor(BatchLogRecordProcessor(log_exporter))
    logger = logs.get_logger("relay")
    for index in range(RECORDS):
        logger.emit(timestamp=1767225600_000000000 + index, severity_number=SeverityNumber.INFO, body=f"record {index}")
    assert logs.force_flush(20_000)
    logs.shutdown()


def check_arrived(backend):
    process.wait_until(lambda: backend.count("traces") >= SPANS and backend.count("logs") >= RECORDS and
                       backend.count("metrics") >= SERIES, what="all items at the backend")
    spans = [span for request in backend.stored("traces") for span in otlp.items("traces", request.message)]
    assert sorted(span.name for span in spans) == sorted(f"span {index}" for index in range(SPANS))
    assert len({span.span_id for span in spans}) == SPANS
    assert sum(len(span.events) for span in spans) == SPANS // 2
    assert all(span.attributes[1].value.string_value == "ä€𝄞" for span in spans)
    assert backend.names("logs") == sorted(f"record {index}" for index in range(RECORDS))
    points = [point for request in backend.stored("metrics") for point in otlp.items("metrics", request.message)]
    assert sorted(point.as_int for point in points) == list(range(1, SERIES + 1))


@pytest.mark.parametrize("exporter", ["otlp_grpc", "otlp_http"])
@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_sdk_all_signals_arrive_exactly_once(collector, backend, protocol, exporter):
    relay = relay_to(backend, exporter, processors={"batch": {"timeout": "50ms"}})
    sluice = collector(relay.config)
    send_all(sdk_exporters(protocol, relay))
    check_arrived(backend)
    account = sluice.stop()
    assert account["received"] == account["delivered"] == SPANS + RECORDS + SERIES
    assert account["dropped"] == account["queued"] == 0


@pytest.mark.parametrize("compression", ["gzip", "deflate"])
def test_sdk_compressed_bodies_arrive(collector, backend, compression):
    relay = relay_to(backend, "otlp_http", compression="zstd")
    collector(relay.config)
    send_all(sdk_exporters("http", relay, {"gzip": Compression.Gzip, "deflate": Compression.Deflate}[compression]))
    check_arrived(backend)
    assert {request.headers["content-encoding"] for request in backend.requests} == {"zstd"}


@pytest.mark.parametrize("alias,exporter", [("otlp", "otlp_grpc"), ("otlphttp", "otlp_http")])
def test_old_names_of_exporters_work(collector, backend, alias, exporter):
    relay = relay_to(backend, f"{alias}/backend")
    sluice = collector(relay.config)
    assert clients.send_grpc(relay.grpc_port, "traces", otlp.make("traces", 5)).code == 0
    process.wait_until(lambda: backend.count("traces") == 5)
    assert exporter in sluice.log() or sluice.total("otelcol_exporter_sent_spans", exporter=f"{alias}/backend") == 5


@pytest.mark.parametrize("signal", otlp.SIGNALS)
def test_messages_arrive_byte_for_byte_without_batch(collector, backend, signal):
    relay = relay_to(backend)
    collector(relay.config)
    sent = otlp.make(signal, 17)
    assert clients.send_grpc(relay.grpc_port, signal, sent).code == 0
    process.wait_until(lambda: backend.count(signal) == 17)
    assert [request.message for request in backend.stored(signal)] == [sent]


def test_batch_merges_requests_and_cuts_at_its_maximum(collector, backend):
    relay = relay_to(backend, processors={"batch": {"timeout": "10s", "send_batch_size": 100, "send_batch_max_size": 120}})
    sluice = collector(relay.config)
    for index in range(10):
        assert clients.send_grpc(relay.grpc_port, "logs", otlp.make("logs", 65, prefix=f"r{index}")).code == 0
    sluice.stop()  # what is held below the size goes out with the drain
    sizes = [otlp.count("logs", request.message) for request in backend.stored("logs")]
    assert sum(sizes) == 650 and max(sizes) <= 120 and len(sizes) < 10
    assert backend.names("logs") == sorted(f"r{index} {item}" for index in range(10) for item in range(65))


def test_json_in_protobuf_out_equals_protobuf_in(collector, backend):
    relay = relay_to(backend)
    collector(relay.config)
    span = (process.ROOT / "examples/span.json").read_bytes()
    status, headers, body = clients.send_http(relay.http_port, "traces", span, "application/json")
    assert (status, headers["content-type"]) == (200, "application/json"), body
    process.wait_until(lambda: backend.count("traces") == 1)
    (arrived,) = otlp.items("traces", backend.stored("traces")[0].message)
    assert arrived.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert (arrived.name, arrived.kind, arrived.status.code) == ("first span", 2, 1)
    assert arrived.end_time_unix_nano - arrived.start_time_unix_nano == 250_000_000
    assert arrived.attributes[1].value.int_value == 200


def test_empty_requests_are_accepted_and_counted_nowhere(collector, backend):
    relay = relay_to(backend)
    sluice = collector(relay.config)
    for signal in otlp.SIGNALS:
        assert clients.send_grpc(relay.grpc_port, signal, b"").code == 0
        assert clients.send_http(relay.http_port, signal, b"")[0] == 200
        assert clients.send_http(relay.http_port, signal, b"{}", "application/json")[0] == 200
    account = sluice.stop()
    assert account["received"] == 0 and backend.attempts == 0


def test_one_receiver_two_pipelines_each_destination_gets_all(collector, make_backend):
    first, second = make_backend(), make_backend()
    relay = relay_to(first, "otlp_grpc/first")
    relay.config["exporters"]["otlp_grpc/second"] = {**relay.config["exporters"]["otlp_grpc/first"],
                                                    "endpoint": f"127.0.0.1:{second.grpc_port}"}
    relay.config["service"]["pipelines"]["traces/second"] = {"receivers": ["otlp"], "exporters": ["otlp_grpc/second"]}
    relay.config["service"]["pipelines"]["logs"]["exporters"].append("otlp_grpc/second")
    collector(relay.config)
    for signal in ("traces", "logs"):
        assert clients.send_grpc(relay.grpc_port, signal, otlp.make(signal, 250)).code == 0
    for backend in (first, second):
        process.wait_until(lambda backend=backend: backend.count("traces") == backend.count("logs") == 250)
    assert first.names("traces") == second.names("traces")


def test_forward_connector_joins_pipelines(collector, backend):
    relay = relay_to(backend)
    relay.config["connectors"] = {"forward": None}
    pipelines = relay.config["service"]["pipelines"]
    pipelines["traces"]["exporters"] = ["forward"]
    pipelines["traces/out"] = {"receivers": ["forward"], "exporters": ["otlp_grpc"]}
    collector(relay.config)
    assert clients.send_grpc(relay.grpc_port, "traces", otlp.make("traces", 30)).code == 0
    process.wait_until(lambda: backend.count("traces") == 30)
