# SPDX-License-Identifier: Apache-2.0
"""The collector's own metrics: which show at which level, under which names, and that Prometheus takes the text."""
import json
import subprocess
import urllib.request

import pytest
from harness import clients, otlp, prometheus
from harness.collector import free_port, wait_until
from harness.configs import relay_to

NAMES = {
    "basic": {"otelcol_receiver_accepted_spans", "otelcol_receiver_refused_spans", "otelcol_processor_incoming_items",
              "otelcol_processor_outgoing_items", "otelcol_exporter_sent_spans", "otelcol_exporter_send_failed_spans",
              "otelcol_exporter_enqueue_failed_spans", "otelcol_exporter_queue_size", "otelcol_exporter_queue_capacity",
              "otelcol_exporter_in_flight_requests", "otelcol_process_uptime", "otelcol_process_cpu_seconds",
              "otelcol_process_memory_rss", "otelcol_process_runtime_heap_alloc_bytes",
              "otelcol_process_runtime_total_sys_memory_bytes", "otelcol_processor_memory_limiter_accepted_spans",
              "otelcol_processor_memory_limiter_refused_spans", "sluice_ledger_imbalance", "sluice_memory_budget_used_bytes",
              "sluice_build_info", "target_info"},
    "normal": {"otelcol_receiver_produced_items", "otelcol_processor_consumed_items", "otelcol_processor_produced_items",
               "otelcol_exporter_consumed_items", "otelcol_processor_batch_batch_send_size",
               "otelcol_processor_batch_batch_size_trigger_send", "otelcol_processor_batch_timeout_trigger_send",
               "otelcol_processor_batch_metadata_cardinality", "sluice_ledger_edge_items", "sluice_ledger_in_transit"},
    "detailed": {"otelcol_processor_batch_batch_send_size_bytes", "otelcol_exporter_enqueue_size",
                 "otelcol_exporter_enqueue_size_bytes", "otelcol_exporter_queue_batch_send_size",
                 "otelcol_exporter_queue_batch_send_size_bytes", "otelcol_receiver_produced_size",
                 "http_server_request_duration", "http_server_request_body_size", "http_server_response_body_size",
                 "rpc_server_call_duration", "rpc_client_call_duration"},
}
LEVELS = list(NAMES)


def exposition(collector, backend, level, exporter="otlp_grpc", **reader):
    """The text that a collector shows at this level, after a span came by each protocol."""
    relay = relay_to(backend, exporter, processors={"memory_limiter": {"check_interval": "1s", "limit_percentage": 90},
                                                    "batch": {"timeout": "10ms"}})
    port = free_port()
    overlay = {"level": level, "readers": [{"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": port, **reader}}}}]}
    process = collector(relay.config, "--config", f"yaml:service::telemetry::metrics: {json.dumps(overlay)}")
    process.metrics_port = port
    assert clients.send_grpc(relay.grpc_port, "traces", otlp.make("traces", 1)).code == 0
    assert clients.send_http(relay.http_port, "traces", otlp.make("traces", 1))[0] == 200
    sent = "otelcol_exporter_sent_spans" + ("" if reader.get("without_type_suffix", True) else "_total")
    wait_until(lambda: process.total(sent) == 2, what="the answer to the spans")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return answer.read().decode()


def families(text):
    return [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")]


def promtool(prometheus_binary, text):
    """What Prometheus' own checker says; it fails where the text is wrong, and lints names besides."""
    assert prometheus_binary
    return subprocess.run([prometheus.tool(), "check", "metrics"], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=60, check=False)


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_shows_its_names_and_those_below(collector, backend, level):
    shown = families(exposition(collector, backend, level))
    assert len(shown) == len(set(shown))
    for other in LEVELS:
        if LEVELS.index(other) <= LEVELS.index(level):
            assert NAMES[other] <= set(shown), NAMES[other] - set(shown)
        else:
            assert not NAMES[other] & set(shown)


def test_requests_of_the_http_exporter_are_shown(collector, backend):
    text = exposition(collector, backend, "detailed", "otlp_http")
    assert {"http_client_request_duration", "http_client_request_body_size"} <= set(families(text))
    assert f'server_port="{backend.http_port}"' in text


def test_prometheus_takes_the_text(collector, backend, prometheus_binary):
    checked = promtool(prometheus_binary, exposition(collector, backend, "detailed"))
    # Names without `_total` and units are upstream's default, and all that the checker has to say.
    other = [line for line in checked.stdout.splitlines() if "_total" not in line]
    assert checked.returncode in (0, 3) and not other, checked.stdout


def test_with_suffixes_there_is_nothing_to_say_about_counters(collector, backend, prometheus_binary):
    text = exposition(collector, backend, "detailed", without_type_suffix=False, without_units=False, without_scope_info=False)
    for name in ("otelcol_exporter_sent_spans_total", "otelcol_process_uptime_seconds_total", "otelcol_process_memory_rss_bytes"):
        assert name in families(text)
    assert 'otel_scope_name="sluice"' in text
    checked = promtool(prometheus_binary, text)
    assert checked.returncode in (0, 3) and "counter metrics should have" not in checked.stdout, checked.stdout
