# SPDX-License-Identifier: Apache-2.0
"""What destinations do wrong: everything that can still arrive arrives, the rest is counted under its reason, to the item."""
import re
import time

import pytest
from harness import clients, collector as process, otlp, sockets
from harness.backend import Answer, Backend
from harness.configs import Relay, relay_to, to_grpc, to_http

BOTH = pytest.mark.parametrize("exporter", ["otlp_grpc", "otlp_http"])


def send(relay, signal, number, prefix="item", padding=0):
    answer = clients.send_grpc(relay.grpc_port, signal, otlp.make(signal, number, prefix, padding))
    assert answer.code == 0, answer
    return number


def relay_to_port(exporter, port, **settings):
    make = to_http if exporter == "otlp_http" else to_grpc
    return Relay(exporter, make(port, **settings))


def arrived_exactly(backend, signal, number):
    process.wait_until(lambda: backend.count(signal) >= number, what=f"{number} {signal} at the backend")
    assert backend.names(signal) == sorted(f"item {index}" for index in range(number))


@BOTH
def test_destination_that_comes_up_late_gets_everything(collector, exporter):
    port = process.free_port()
    relay = relay_to_port(exporter, port)
    sluice = collector(relay.config)
    send(relay, "traces", 100)
    process.wait_until(lambda: sluice.total("otelcol_exporter_queue_size") >= 1)
    sluice.check_books()
    backend = Backend(**{"http_port" if exporter == "otlp_http" else "grpc_port": port})
    try:
        arrived_exactly(backend, "traces", 100)
        account = sluice.stop()
    finally:
        backend.close()
    assert account["delivered"] == 100 and account["dropped"] == 0


@BOTH
@pytest.mark.parametrize("fault", [sockets.reset, sockets.half_answer, sockets.hang], ids=["reset", "half answer", "hang"])
def test_broken_connections_are_tried_again(collector, backend, exporter, fault):
    target = backend.http_port if exporter == "otlp_http" else backend.grpc_port
    peer = sockets.Peer(sockets.after(2, fault, target))
    try:
        relay = relay_to_port(exporter, peer.port, timeout="500ms")
        sluice = collector(relay.config)
        send(relay, "logs", 40)
        arrived_exactly(backend, "logs", 40)
        assert peer.connections >= 3
        assert sluice.stop()["delivered"] == 40
    finally:
        peer.close()


@BOTH
def test_destination_that_does_not_answer_in_time_is_asked_again(collector, backend, exporter):
    backend.answer_next(Answer(delay=2.0, store=False))
    relay = relay_to(backend, exporter, timeout="300ms")
    sluice = collector(relay.config)
    send(relay, "metrics", 25)
    arrived_exactly(backend, "metrics", 25)
    assert sluice.stop()["delivered"] == 25


@BOTH
def test_unavailable_is_retried_until_it_passes(collector, backend, exporter):
    backend.answer_next(*[Answer.unavailable() for _ in range(5)])
    relay = relay_to(backend, exporter)
    sluice = collector(relay.config)
    send(relay, "traces", 30)
    arrived_exactly(backend, "traces", 30)
    assert backend.attempts == 6
    assert sluice.stop()["delivered"] == 30


@BOTH
def test_retry_after_is_honoured(collector, backend, exporter):
    backend.answer_next(Answer.throttled(2))
    relay = relay_to(backend, exporter)
    collector(relay.config)
    begin = time.monotonic()
    send(relay, "logs", 3)
    arrived_exactly(backend, "logs", 3)
    assert 1.9 <= time.monotonic() - begin < 6


@BOTH
def test_one_poison_item_costs_one_item(collector, make_backend, exporter):
    def judge(signal, message):
        return Answer.invalid() if "item 777" in otlp.names(signal, message) else None

    backend = make_backend(judge=judge)
    relay = relay_to(backend, exporter)
    sluice = collector(relay.config)
    send(relay, "traces", 1000)
    process.wait_until(lambda: backend.count("traces") == 999)
    account = sluice.stop()
    assert (account["delivered"], account["dropped"]) == (999, 1)
    assert backend.attempts <= 31


@BOTH
def test_destination_that_refuses_everything_for_good_drops_it_counted(collector, make_backend, exporter):
    backend = make_backend(judge=lambda *_: Answer.invalid("bad tenant"))
    relay = relay_to(backend, exporter)
    sluice = collector(relay.config)
    send(relay, "traces", 500)
    process.wait_until(lambda: sluice.total("otelcol_exporter_send_failed_spans") == 500)
    assert backend.attempts <= 64, "a bad tenant must not cost a request per item"
    account = sluice.stop()
    assert (account["delivered"], account["dropped"]) == (0, 500)
    assert "bad tenant" in sluice.log()


def test_http_500_is_not_retried(collector, make_backend):
    backend = make_backend(judge=lambda *_: Answer(13, 500, "broken", store=False))
    relay = relay_to(backend, "otlp_http")
    sluice = collector(relay.config)
    send(relay, "logs", 1)
    process.wait_until(lambda: sluice.total("otelcol_exporter_send_failed_log_records") == 1)
    assert backend.attempts == 1
    assert sluice.stop()["dropped"] == 1


@BOTH
@pytest.mark.parametrize("code,status", [(16, 401), (7, 403)])
def test_refused_credentials_hold_the_data(collector, backend, exporter, code, status):
    backend.answer_next(*[Answer(code, status, "who are you", store=False) for _ in range(4)])
    relay = relay_to(backend, exporter)
    sluice = collector(relay.config)
    send(relay, "traces", 12)
    arrived_exactly(backend, "traces", 12)
    assert sluice.stop()["delivered"] == 12


@BOTH
def test_partial_success_is_counted_and_never_resent(collector, backend, exporter):
    backend.answer_next(Answer.partial(3))
    relay = relay_to(backend, exporter)
    sluice = collector(relay.config)
    send(relay, "metrics", 10)
    process.wait_until(lambda: sluice.total("otelcol_exporter_sent_metric_points") == 7)
    account = sluice.stop()
    assert (account["delivered"], account["dropped"], backend.attempts) == (7, 3, 1)


@BOTH
def test_partial_success_that_lies_is_clamped(collector, backend, exporter):
    backend.answer_next(Answer.partial(1000), Answer.partial(-5))
    relay = relay_to(backend, exporter, sending_queue={"num_consumers": 1})
    sluice = collector(relay.config)
    send(relay, "logs", 10)
    send(relay, "logs", 10)
    process.wait_until(lambda: backend.attempts == 2)
    account = sluice.stop()
    assert account["delivered"] + account["dropped"] == account["received"] == 20


@BOTH
def test_too_large_is_split_until_it_fits(collector, make_backend, exporter):
    backend = make_backend(http_limit=64 << 10, grpc_limit=64 << 10)
    relay = relay_to(backend, exporter)
    sluice = collector(relay.config)
    send(relay, "logs", 1000, padding=300)
    arrived_exactly(backend, "logs", 1000)
    assert max(request.size for request in backend.stored("logs")) <= 64 << 10
    assert sluice.stop()["delivered"] == 1000


@BOTH
def test_one_item_too_large_for_any_request_is_dropped_alone(collector, make_backend, exporter):
    backend = make_backend(http_limit=64 << 10, grpc_limit=64 << 10)
    relay = relay_to(backend, exporter)
    sluice = collector(relay.config)
    message = otlp.make("logs", 20)
    message.resource_logs[0].scope_logs[0].log_records[13].body.string_value = "x" * (100 << 10)
    assert clients.send_grpc(relay.grpc_port, "logs", message).code == 0
    process.wait_until(lambda: backend.count("logs") == 19)
    account = sluice.stop()
    assert (account["delivered"], account["dropped"]) == (19, 1)


@BOTH
def test_give_up_time_drops_and_counts(collector, exporter):
    relay = relay_to_port(exporter, process.free_port(),
                          retry_on_failure={"initial_interval": "50ms", "max_interval": "100ms", "max_elapsed_time": "500ms"})
    sluice = collector(relay.config)
    send(relay, "traces", 9)
    process.wait_until(lambda: sluice.total("otelcol_exporter_send_failed_spans") == 9)
    assert sluice.stop()["dropped"] == 9


@BOTH
def test_stop_with_a_dead_destination_ends_in_time_and_accounts_for_all(collector, exporter):
    relay = relay_to_port(exporter, process.free_port())
    sluice = collector(relay.config)
    total = sum(send(relay, signal, 50) for signal in otlp.SIGNALS)
    begin = time.monotonic()
    account = sluice.stop()
    assert time.monotonic() - begin < 15
    assert account["received"] == account["dropped"] + account["queued"] == total


def test_full_queue_is_a_retryable_refusal(collector):
    relay = relay_to_port("otlp_grpc", process.free_port(), sending_queue={"queue_size": 2, "num_consumers": 1})
    sluice = collector(relay.config)
    taken = 0
    for _ in range(10):
        answer = clients.send_grpc(relay.grpc_port, "logs", otlp.make("logs", 5))
        if answer.code:
            break
        taken += 5
    assert (answer.code, taken) == (14, 10) and 1 <= answer.retry_after <= 60, answer
    status, headers, _ = clients.send_http(relay.http_port, "logs", otlp.make("logs", 5))
    assert status == 503 and 1 <= int(headers["retry-after"]) <= 60
    assert sluice.stop()["received"] in (10, 20)  # refused items are the sender's


@BOTH
def test_wait_for_result_answers_with_what_the_destination_said(collector, backend, exporter):
    relay = relay_to(backend, exporter, sending_queue={"wait_for_result": True})
    collector(relay.config)
    backend.answer_next(Answer.partial(2))
    answer = clients.send_grpc(relay.grpc_port, "traces", otlp.make("traces", 10))
    assert (answer.code, answer.response.partial_success.rejected_spans) == (0, 2)
    backend.answer_next(Answer.unavailable())
    answer = clients.send_grpc(relay.grpc_port, "traces", otlp.make("traces", 10))
    assert answer.code == 0 and backend.count("traces") == 20


def test_slow_destination_holds_up_no_other(collector, make_backend):
    slow, quick = make_backend(judge=lambda *_: Answer(delay=1.0)), make_backend()
    relay = relay_to(quick, "otlp_grpc/quick")
    relay.config["exporters"]["otlp_grpc/slow"] = to_grpc(slow.grpc_port)
    for pipeline in relay.config["service"]["pipelines"].values():
        pipeline["exporters"].append("otlp_grpc/slow")
    collector(relay.config)
    begin = time.monotonic()
    for _ in range(10):
        send(relay, "traces", 10)
    process.wait_until(lambda: quick.count("traces") == 100)
    assert time.monotonic() - begin < 1.0
    process.wait_until(lambda: slow.count("traces") == 100)


@BOTH
def test_wrong_certificate_is_named_and_nothing_is_sent(collector, make_backend, certificate, exporter):
    files = certificate("elsewhere", "DNS:elsewhere.example")
    backend = make_backend(tls=files)
    port = backend.http_port if exporter == "otlp_http" else backend.grpc_port
    endpoint = f"https://localhost:{port}" if exporter == "otlp_http" else f"localhost:{port}"
    relay = relay_to_port(exporter, port, endpoint=endpoint, tls={"ca_file": str(files[0])})
    sluice = collector(relay.config)
    send(relay, "traces", 8)
    process.wait_until(lambda: re.search("[Cc]ertificate|[Hh]ostname", sluice.log()), what="an error that names the certificate")
    account = sluice.stop()
    assert backend.attempts == 0 and account["delivered"] == 0 and account["dropped"] == 8


@BOTH
def test_right_certificate_delivers(collector, make_backend, certificate, exporter):
    files = certificate("localhost", "DNS:localhost", "IP:127.0.0.1")
    backend = make_backend(tls=files)
    port = backend.http_port if exporter == "otlp_http" else backend.grpc_port
    endpoint = f"https://localhost:{port}" if exporter == "otlp_http" else f"localhost:{port}"
    relay = relay_to_port(exporter, port, endpoint=endpoint, tls={"ca_file": str(files[0])})
    collector(relay.config)
    send(relay, "traces", 8)
    arrived_exactly(backend, "traces", 8)
