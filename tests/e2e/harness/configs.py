# SPDX-License-Identifier: Apache-2.0
"""Configurations of the tests, as dictionaries in the shape of the YAML."""
import copy

from .collector import free_port


class Relay:
    """otlp receiver -> (batch) -> one exporter, all three signals, on free ports."""

    def __init__(self, exporter, settings, processors=None, receiver=None):
        self.grpc_port, self.http_port = free_port(), free_port()
        protocols = {"grpc": {"endpoint": f"127.0.0.1:{self.grpc_port}"}, "http": {"endpoint": f"127.0.0.1:{self.http_port}"}}
        for protocol, more in (receiver or {}).items():
            protocols[protocol].update(more)
        processors = processors or {}
        pipeline = {"receivers": ["otlp"], "processors": list(processors), "exporters": [exporter]}
        self.config = {
            "receivers": {"otlp": {"protocols": protocols}},
            "processors": processors,
            "exporters": {exporter: settings},
            "service": {"pipelines": {signal: copy.deepcopy(pipeline) for signal in ("traces", "metrics", "logs")}},
        }


def to_grpc(port, **settings):
    """Settings of an otlp_grpc exporter that retries quickly."""
    return {"endpoint": f"127.0.0.1:{port}", "tls": {"insecure": True}, "retry_on_failure": QUICK_RETRY, **settings}


def to_http(port, **settings):
    return {"endpoint": f"http://127.0.0.1:{port}", "retry_on_failure": QUICK_RETRY, **settings}


QUICK_RETRY = {"initial_interval": "50ms", "max_interval": "200ms", "max_elapsed_time": "30s"}


def relay_to(backend, exporter="otlp_grpc", processors=None, receiver=None, **settings):
    """A relay to a stand-in backend by the exporter's own protocol."""
    make = to_http if exporter.split("/")[0] in ("otlp_http", "otlphttp") else to_grpc
    port = backend.http_port if make is to_http else backend.grpc_port
    return Relay(exporter, make(port, **settings), processors, receiver)
