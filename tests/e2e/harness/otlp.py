# SPDX-License-Identifier: Apache-2.0
"""OTLP messages: made for tests, decoded and counted by the generated code of PyPI's opentelemetry-proto."""
import os

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

SIGNALS = ("traces", "metrics", "logs")

REQUEST = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
}
RESPONSE = {
    "traces": trace_service_pb2.ExportTraceServiceResponse,
    "metrics": metrics_service_pb2.ExportMetricsServiceResponse,
    "logs": logs_service_pb2.ExportLogsServiceResponse,
}
SERVICE = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
}
REJECTED = {"traces": "rejected_spans", "metrics": "rejected_data_points", "logs": "rejected_log_records"}


def method(signal):
    """The full gRPC method of a signal."""
    return f"/{SERVICE[signal]}/Export"


def path(signal):
    """The HTTP path of a signal."""
    return f"/v1/{signal}"


def items(signal, message):
    """Yields each span, data point or log record of a message."""
    if signal == "traces":
        for resource in message.resource_spans:
            for scope in resource.scope_spans:
                yield from scope.spans
    elif signal == "logs":
        for resource in message.resource_logs:
            for scope in resource.scope_logs:
                yield from scope.log_records
    else:
        for resource in message.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    yield from getattr(metric, metric.WhichOneof("data")).data_points if metric.WhichOneof("data") else ()


def count(signal, message):
    return sum(1 for _ in items(signal, message))


def names(signal, message):
    """One text per item that tells it from all others of a test: the `name` that make() gave it."""
    if signal == "traces":
        return [span.name for span in items(signal, message)]
    if signal == "logs":
        return [record.body.string_value for record in items(signal, message)]
    return [point.attributes[0].value.string_value for point in items(signal, message)]


def make(signal, number, prefix="item", padding=0):
    """A request of `number` items, named `<prefix> 0` and so on, each with `padding` bytes more."""
    message = REQUEST[signal]()
    if signal == "traces":
        resource = message.resource_spans.add()
        scope = resource.scope_spans.add()
    elif signal == "logs":
        resource = message.resource_logs.add()
        scope = resource.scope_logs.add()
    else:
        resource = message.resource_metrics.add()
        scope = resource.scope_metrics.add()
    service = resource.resource.attributes.add(key="service.name")
    service.value.string_value = "end to end"
    scope.scope.name = "tests"
    for index in range(number):
        name = f"{prefix} {index}"
        if signal == "traces":
            item = scope.spans.add(trace_id=os.urandom(15) + b"\1", span_id=os.urandom(7) + b"\1", name=name, kind=2,
                                   start_time_unix_nano=1767225600_000000000 + index,
                                   end_time_unix_nano=1767225600_250000000 + index)
        elif signal == "logs":
            item = scope.log_records.add(time_unix_nano=1767225600_000000000 + index, severity_number=9)
            item.body.string_value = name
        else:
            item = scope.metrics.add(name="requests").gauge.data_points.add(time_unix_nano=1767225600_000000000 + index,
                                                                           as_int=index)
            item.attributes.add(key="name").value.string_value = name
        if padding:
            item.attributes.add(key="padding").value.string_value = "x" * padding
    return message
