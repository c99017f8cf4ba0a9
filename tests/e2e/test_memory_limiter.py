# SPDX-License-Identifier: Apache-2.0
"""The memory_limiter keeps data away while memory is short: senders are told to come again, and nothing of theirs is lost."""
import json
import re
import threading

import pytest
from harness import clients, otlp
from harness.backend import Answer
from harness.collector import run_cli, wait_until
from harness.configs import relay_to

TEXT = "data refused due to high memory usage"
NAMES = {"traces": "spans", "metrics": "metric_points", "logs": "log_records"}


def limited(backend, **settings):
    return relay_to(backend, processors={"memory_limiter": {"check_interval": "100ms", **settings}})


@pytest.mark.parametrize("signal", otlp.SIGNALS)
def test_over_the_limit_senders_are_told_to_come_again(collector, backend, signal):
    relay = limited(backend, limit_mib=1)  # any process has more than this
    process = collector(relay.config)
    answer = clients.send_grpc(relay.grpc_port, signal, otlp.make(signal, 2))
    assert (answer.code, answer.message) == (14, TEXT)
    status, _, body = clients.send_http(relay.http_port, signal, otlp.make(signal, 1))
    assert status == 503 and TEXT.encode() in body
    metric = "otelcol_processor_memory_limiter_{}_" + NAMES[signal]
    assert process.total(metric.format("refused"), processor="memory_limiter") == 3
    assert process.total(metric.format("accepted"), processor="memory_limiter") == 0
    assert "Memory usage is above soft limit. Refusing data." in process.log()
    account = process.stop()
    assert account["returned"] == 3 and account["delivered"] == 0
    assert backend.attempts == 0


def test_below_the_limit_all_passes(collector, backend):
    relay = limited(backend, limit_percentage=90)
    process = collector(relay.config)
    for signal in otlp.SIGNALS:
        assert clients.send_grpc(relay.grpc_port, signal, otlp.make(signal, 2)).code == 0
        assert process.total(f"otelcol_processor_memory_limiter_accepted_{NAMES[signal]}") == 2
    wait_until(lambda: all(backend.count(signal) == 2 for signal in otlp.SIGNALS), what="all items at the backend")
    total = int(re.search(r'"total_memory_mib": (\d+)', process.log()).group(1))
    limit = int(re.search(r'"limit_mib": (\d+), "spike_limit_mib"', process.log()).group(1))
    assert abs(limit - total * 0.9) <= 2


def test_what_is_held_counts_at_once_and_no_longer(collector, make_backend):
    """Without a check in between (the interval is an hour): the queue fills, senders are refused, the queue empties."""
    down = threading.Event()
    down.set()
    backend = make_backend(judge=lambda *_: Answer.unavailable() if down.is_set() else None)
    idle = collector(limited(backend, limit_percentage=90).config).rss_bytes() >> 20
    relay = limited(backend, limit_mib=idle + 32, spike_limit_mib=1, check_interval="1h")
    process = collector(relay.config)
    request = otlp.make("logs", 16, padding=1 << 16).SerializeToString()  # 1 MiB

    def send():
        return clients.send_grpc(relay.grpc_port, "logs", request).code

    taken = 0
    while (code := send()) == 0:
        taken += 1
        assert taken < 64
    assert code == 14 and taken >= 16, taken
    assert process.total("sluice_memory_budget_used_bytes") >= taken << 20
    down.clear()
    wait_until(lambda: backend.count("logs") == 16 * taken, what="all that was taken at the backend")
    wait_until(lambda: send() == 0, what="room for the next one")
    account = process.stop()
    assert account["delivered"] == 16 * (taken + 1) and account["dropped"] == 0 and account["returned"] >= 16


def test_not_the_first_is_warned_of(backend, tmp_path):
    relay = relay_to(backend, processors={"batch": None, "memory_limiter": {"check_interval": "1s", "limit_mib": 512}})
    (tmp_path / "config.yaml").write_text(json.dumps(relay.config))
    checked = run_cli("validate", "--config", tmp_path / "config.yaml")
    assert checked.returncode == 0
    assert checked.stderr.count('processor "memory_limiter" is not the first here; move it to the front') == 3
