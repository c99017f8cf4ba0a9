# SPDX-License-Identifier: Apache-2.0
"""The seed's lab with Sluice in the collector's place: its files unchanged, its application, a real Prometheus, Tempo and Loki.

What the application did is known from its own answers (History). From them, at the times at which the real Prometheus scraped, a
second Prometheus is filled: the truth. A query is right if both give the same answer.
"""
import collections
import contextlib
import time

from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from . import loki, seed, tempo
from .collector import Collector, free_port, wait_until
from .prometheus import Prometheus, make_blocks
from .sample_app import SampleApp

# Two waves of requests, so that Prometheus sees every series grow; /hello, /error and /slow five times each.
WAVES = (("/hello", "/error", "/error", "/slow"), ("/hello", "/error", "/slow") * 3 + ("/hello", "/slow"))
DICE = (0.1, 0.9)  # every other /error is one
LOGS_PER_WAVE = 50
SEVERITIES = (SeverityNumber.INFO, SeverityNumber.WARN, SeverityNumber.ERROR)


class History:
    """What the application's own series must be after each of its answers, derived from those answers alone."""

    BOUNDS = (0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)  # the SDK's, meant for milliseconds

    def __init__(self, answers):
        """states[k]: the series after k answers, {(name, ((label, value), ...)): number}."""
        self.states = [{}]
        series = collections.Counter()
        for answer in answers:
            if answer.path in ("/hello", "/error"):
                series[self.key("app_http_requests_total", route=answer.path, method="GET", status=str(answer.status))] += 1
            if answer.path == "/error":
                series[self.key("app_http_active_requests")] += 0
            if answer.path in ("/hello", "/slow"):
                series[self.key("app_http_request_duration_seconds_count", route=answer.path)] += 1
                for bound in (*self.BOUNDS, "+Inf"):
                    bucket = self.key("app_http_request_duration_seconds_bucket", route=answer.path, le=str(bound))
                    series[bucket] += answer.seconds() <= float(bound)
            self.states.append(dict(series))

    @staticmethod
    def key(name, **labels):
        return name, tuple(sorted(labels.items()))

    def last(self, name):
        """{((label, value), ...): number} of one metric at the end."""
        return {labels: number for (one, labels), number in self.states[-1].items() if one == name}


@contextlib.contextmanager
def destinations(kind, folder):
    """(Tempo, Loki), both of them real or both of them stand-ins."""
    real = kind == "real"
    with contextlib.closing((tempo.RealTempo if real else tempo.StandIn)(folder)) as traces, \
            contextlib.closing((loki.RealLoki if real else loki.StandIn)(folder)) as logs:
        yield traces, logs


def send_logs(port, number, prefix):
    """Sends records of the SDK for Python over OTLP/gRPC, and returns them: [(time, body, severity), ...]."""
    resource = Resource({"service.name": "sample-app", "deployment.environment": "local", "service.version": "1.0.0"})
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"127.0.0.1:{port}", insecure=True)))
    logger = provider.get_logger("lab")
    begin = time.time_ns() - number * 1000_000
    sent = []
    for index in range(number):
        severity = SEVERITIES[index % len(SEVERITIES)]
        sent.append((begin + index * 1000_000, f"{prefix} {index}", severity.name))
        logger.emit(timestamp=sent[-1][0], severity_number=severity, severity_text=severity.name, body=sent[-1][1],
                    attributes={"index": index})
    assert provider.force_flush(20_000)
    provider.shutdown()
    return sent


class Lab:
    """One run of the lab: start(), run(), then ask its parts, stop(), close()."""

    def __init__(self, folder, seeds, python, traces_to, logs_to, arguments=()):
        self.folder, self.seeds, self.python, self.tempo, self.loki = folder, seeds, python, traces_to, logs_to
        self.grpc_port, self.exporter_port = free_port(), free_port()
        self.app = self.prometheus = self.truth = self.history = self.at = None
        self.logs = []
        # Both forms of a path that upstream's users write.
        self.sluice = Collector(seeds / "config/otel-collector-config.yaml", folder / "sluice", [
            "--set", f"receivers::otlp::protocols::grpc::endpoint=127.0.0.1:{self.grpc_port}",
            "--set", f"receivers.otlp.protocols.http.endpoint=127.0.0.1:{free_port()}",
            "--set", f"exporters::otlp/tempo::endpoint={traces_to.endpoint}",
            "--set", f"exporters.loki.endpoint={logs_to.endpoint}",
            "--set", f"exporters.prometheus.endpoint=127.0.0.1:{self.exporter_port}", *arguments])

    def start(self):
        self.sluice.start()
        port = free_port()
        config = (self.seeds / "config/prometheus.yml").read_text().replace("15s", "500ms")
        for address, here in (("localhost:9090", port), ("otel-collector:8888", self.sluice.metrics_port),
                              ("otel-collector:8889", self.exporter_port)):
            assert address in config
            config = config.replace(address, f"127.0.0.1:{here}")
        self.prometheus = Prometheus(self.folder / "prometheus", config, port=port)
        rules = [file.removeprefix("groups:\n") for text in self.texts() for file in seed.rule_files(text)]
        (self.prometheus.folder / "alerts.yml").write_text("groups:\n" + "".join(rules))
        self.prometheus.start()
        self.app = SampleApp(self.python, self.seeds, self.grpc_port, self.folder / "app.log", DICE)
        return self

    def texts(self):
        """The pages of the seed that explain the lab."""
        return [path.read_text(encoding="utf-8") for path in sorted(self.seeds.parent.glob("*.txt"))]

    def run(self):
        for number in range(len(WAVES)):
            self.wave(number)

    def wave(self, number):
        """Asks the application for the pages of a wave, after the last one stops it, and waits until Prometheus has scraped the
        outcome twice."""
        for path in WAVES[number]:
            self.app.ask(path)
        self.logs += send_logs(self.grpc_port, LOGS_PER_WAVE, f"wave {number}")
        if number == len(WAVES) - 1:
            self.app.stop()
        self.history = History(self.app.answers)
        wait_until(lambda: [series for _, series in self.scrapes()[-2:]] == [self.history.states[-1]] * 2, 60,
                   f"Prometheus to have scraped wave {number}", every=0.25)
        self.at = self.scrapes()[-1][0] + 0.01

    def labels(self):
        """The labels that each of the application's own series has in Prometheus, beside its attributes."""
        return {"job": "sample-app", "instance": f"127.0.0.1:{self.exporter_port}", "exported_job": "sample-app", "otel_scope_name": "app"}

    def scrapes(self):
        """What each scrape brought of the application's own series: [(time, {key of History: number}), ...]."""
        found = collections.defaultdict(dict)
        for name in sorted({name for name, _ in self.history.states[-1]}):
            for labels, samples in self.prometheus.samples(name, 600).items():
                labels = dict(labels)
                assert labels.pop("__name__") == name
                assert {label: labels.pop(label, None) for label in self.labels()} == self.labels()
                for at, number in samples:
                    found[at][History.key(name, **labels)] = number
        return sorted(found.items())

    def fill_truth(self):
        """Starts the Prometheus that knows from the application's answers what the real one must have seen."""
        series = collections.defaultdict(list)
        reached = 0
        for at, seen in self.scrapes():
            reached = next((k for k in range(reached, len(self.history.states)) if self.history.states[k] == seen), None)
            assert reached is not None, f"at {at} Prometheus saw what the application never was: {seen}"
            for key, number in seen.items():
                series[key].append((at, number))
        blocks = make_blocks(self.folder / "truth", [(name, {**self.labels(), **dict(labels)}, samples)
                                                     for (name, labels), samples in series.items()])
        self.truth = Prometheus(self.folder / "truth", "global: {}\n", data=blocks).start()

    def close(self):
        for part in (self.app, self.prometheus, self.truth):
            if part is not None:
                part.close()
        self.sluice.kill()
