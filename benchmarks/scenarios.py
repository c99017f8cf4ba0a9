# SPDX-License-Identifier: Apache-2.0
"""The scenarios. Each is a configuration file in scenarios/, the same for Sluice and the OpenTelemetry Collector, and what is sent.

The files read ports from the environment: LISTEN and LISTEN_HTTP to listen on, SINK_GRPC and SINK_HTTP to send to, SCRAPE
for the Prometheus exporter. `goal` is the fraction of the OpenTelemetry Collector's CPU time that we want to stay under.
"""
import dataclasses
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent / "scenarios"


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    what: str
    file: str  # of scenarios/, without .yaml
    kind: str = "traces"
    items: int = 1000  # a request
    requests: int = 64  # different ones
    item_bytes: int = 0
    protocol: str = "grpc"
    compression_in: str = "none"
    json: bool = False
    in_flight: int = 8
    connections: int = 1
    destination: str = "otlp"  # otlp, loki: the sink counts; none: nobody does
    items_change: bool = False
    change: str = ""  # YAML that is merged over the file, as a second --config
    sinks: int = 1  # SINK_GRPC, SINK_GRPC_2, SINK_GRPC_3: each gets everything
    goal: float | None = None  # fraction of otelcol's CPU time
    goal_cpu: float | None = None  # CPU seconds per million items, where no peer does the same

    @property
    def config(self):
        return FOLDER / f"{self.file}.yaml"


_ALL = [
    Scenario("traces", "traces, 1,000 a request", "traces", goal=1 / 14),
    Scenario("traces_limiter_batch", "traces, 1,000 a request, memory_limiter and batch", "traces_limiter_batch", goal=1 / 10),
    Scenario("traces_100", "traces, 100 a request", "traces", items=100, in_flight=16, goal=1 / 8),
    Scenario("traces_10_batch", "traces, 10 a request, batch", "traces_batch", items=10, in_flight=64, goal=1 / 4),
    Scenario("logs", "logs, 1,000 a request", "logs", kind="logs", goal=1 / 10),
    Scenario("points", "metric points (sums), 1,000 a request", "metrics", kind="sums", goal=1 / 10),
    Scenario("gauges", "metric points (gauges), 1,000 a request", "metrics", kind="gauges", goal=1 / 10),
    Scenario("histograms", "histograms, 1,000 a request", "metrics", kind="histograms", goal=1 / 10),
    Scenario("exponential_histograms", "exponential histograms, 1,000 a request", "metrics", kind="exponential_histograms", goal=1 / 10),
    Scenario("logs_edit_1", "logs, one attribute edit", "logs_edit_1", kind="logs", items_change=True, goal=1 / 9),
    Scenario("logs_edit_4", "logs, four attribute edits", "logs_edit_4", kind="logs", items_change=True, goal=1 / 7),
    Scenario("traces_gzip", "traces, gzip in and out", "traces_gzip", compression_in="gzip", goal=1 / 7),
    Scenario("traces_gzip_100", "traces, 100 a request, gzip in and out", "traces_gzip", items=100, in_flight=16, compression_in="gzip",
             goal=1 / 8),
    Scenario("logs_gzip", "logs, gzip in and out", "logs_gzip", kind="logs", compression_in="gzip", goal=1 / 9),
    Scenario("points_gzip", "metric points, gzip in and out", "metrics_gzip", kind="sums", compression_in="gzip", goal=1 / 7),
    Scenario("traces_http", "traces, OTLP/HTTP in and out", "traces_http", protocol="http", goal=1 / 10),
    Scenario("traces_http_zstd", "traces, OTLP/HTTP, zstd in and out", "traces_http_zstd", protocol="http", compression_in="zstd", goal=1 / 8),
    Scenario("traces_json", "traces, OTLP/JSON in, protobuf out", "traces_http", protocol="http", json=True, goal=1 / 6),
    Scenario("logs_loki", "logs to Loki's push API", "logs_loki", kind="logs", destination="loki", goal_cpu=0.9),
    Scenario("traces_nop", "traces to nothing", "traces_nop", destination="none", goal_cpu=0.35),
    Scenario("traces_fan_out", "traces to three exporters", "traces_fan_out", sinks=3),
]
SCENARIOS = {scenario.name: scenario for scenario in _ALL}
