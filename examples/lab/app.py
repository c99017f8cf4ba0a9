#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lab's sample application: three pages that leave traces, metrics and logs, and visitors that ask for them.

    app.py [--port 8000] [--visits-per-second 8]     OTEL_EXPORTER_OTLP_ENDPOINT says where the telemetry goes

/hello is quick, /slow asks a database that is slow, every third /error is one. The visitors come in waves, a minute long.
"""
import argparse
import http.client
import http.server
import json
import math
import os
import random
import signal
import threading
import time

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

RESOURCE = Resource.create({"service.name": "lab-app", "service.version": "1.0.0", "deployment.environment": "lab"})
TRACES = TracerProvider(resource=RESOURCE)
TRACES.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
METRICS = MeterProvider(resource=RESOURCE, metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter(), 1000)])
LOGS = LoggerProvider(resource=RESOURCE)
LOGS.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))

TRACER = TRACES.get_tracer("lab")
LOGGER = LOGS.get_logger("lab")
METER = METRICS.get_meter("lab")
REQUESTS = METER.create_counter("http_requests", description="Requests that were answered")
DURATION = METER.create_histogram(
    "http_request_duration", unit="s", description="How long the answer took",
    explicit_bucket_boundaries_advisory=[0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5])
ACTIVE = METER.create_up_down_counter("http_active_requests", description="Requests that are being answered")


def log(severity, text, **attributes):
    LOGGER.emit(severity_number=severity, severity_text=severity.name, body=text, attributes=attributes)


def hello():
    time.sleep(random.uniform(0.005, 0.04))
    return 200


def slow():
    with TRACER.start_as_current_span("SELECT orders", kind=trace.SpanKind.CLIENT, attributes={"db.system.name": "postgresql"}):
        took = random.lognormvariate(-1.2, 0.5)
        time.sleep(took)
    if took > 0.6:
        log(SeverityNumber.WARN, "slow query", table="orders", seconds=round(took, 3))
    return 200


def error():
    time.sleep(random.uniform(0.002, 0.02))
    if random.random() < 1 / 3:
        log(SeverityNumber.ERROR, "payment refused", reason=random.choice(["expired card", "no funds"]))
        return 500
    return 200


ROUTES = {"/hello": hello, "/slow": slow, "/error": error}


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802 - the name that http.server demands
        page = ROUTES.get(self.path)
        route = self.path if page else "other"
        begin = time.perf_counter()
        ACTIVE.add(1)
        with TRACER.start_as_current_span(f"GET {route}", kind=trace.SpanKind.SERVER) as span:
            status = page() if page else 404
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(trace.StatusCode.ERROR)
            # Within the span, so that the histogram's exemplars and the record lead to its trace.
            DURATION.record(time.perf_counter() - begin, {"route": route})
            REQUESTS.add(1, {"route": route, "method": "GET", "status": str(status)})
            log(SeverityNumber.INFO, f"GET {route} {status}", route=route, status=status)
        ACTIVE.add(-1)
        body = json.dumps({"status": status}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def visit(port):
    page = random.choices(list(ROUTES), weights=[6, 2, 3])[0]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", page)
    connection.getresponse().read()
    connection.close()


def main():
    parser = argparse.ArgumentParser(description="The lab's sample application and its visitors.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--visits-per-second", type=float, default=8, help="on average; 0: nobody comes by itself")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"sample application on http://127.0.0.1:{options.port}, process {os.getpid()}", flush=True)

    leave = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: leave.set())
    visitors = []
    while not leave.is_set():
        if not options.visits_per_second:
            leave.wait()
            break
        wave = 1 + 0.6 * math.sin(time.monotonic() * 2 * math.pi / 60)
        leave.wait(random.expovariate(options.visits_per_second * wave))
        visitors = [visitor for visitor in visitors if visitor.is_alive()]
        visitors.append(threading.Thread(target=visit, args=(options.port,)))
        visitors[-1].start()
    for visitor in visitors:
        visitor.join()
    server.shutdown()
    for provider in (TRACES, METRICS, LOGS):
        provider.shutdown()  # sends what is still here


if __name__ == "__main__":
    main()
