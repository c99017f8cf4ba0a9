# SPDX-License-Identifier: Apache-2.0
"""What a Loki does wrong, and what stands between: whatever was promised arrives, in order and once; the rest is counted."""
import contextlib
import re
import time

import pytest
from harness import collector as process, sockets
from harness.backend import Answer
from harness.configs import QUICK_RETRY
from harness.loki import RealLoki, StandIn, found, records, relay, send


def answer(status, message="", **more):
    return Answer(http=status, message=message, store=False, **more)


@pytest.fixture(params=[StandIn, RealLoki], ids=["stand-in", "real"])
def loki(request, tmp_path):
    with contextlib.closing(request.param(tmp_path)) as one:
        yield one


@pytest.fixture
def stand_in(tmp_path):
    with contextlib.closing(StandIn(tmp_path)) as one:
        yield one


def behind(loki, port):
    """The address of the push API through another port."""
    return loki.endpoint.replace(f":{loki.port}/", f":{port}/")


@pytest.mark.parametrize("fault", [sockets.reset, sockets.half_answer, sockets.hang], ids=["reset", "half answer", "hang"])
def test_broken_connections_are_tried_again(collector, loki, fault):
    peer = sockets.Peer(sockets.after(2, fault, loki.port))
    try:
        one = relay(loki, endpoint=behind(loki, peer.port), timeout="2s")
        sluice = collector(one.config)
        number = send(one, records([f"line {index}" for index in range(40)]))
        found(loki, '{job="shop"}', number)
        assert peer.connections >= 3
        assert sluice.stop()["delivered"] == number
    finally:
        peer.close()


def test_loki_that_comes_late_and_goes_away_gets_everything(collector, loki):
    gate = sockets.Gate(loki.port)
    try:
        one = relay(loki, endpoint=behind(loki, gate.port))
        sluice = collector(one.config)
        number = 0
        for _ in range(3):
            number += send(one, records([f"line {number + index}" for index in range(30)]))
            process.wait_until(lambda: sluice.total("otelcol_exporter_queue_size") >= 1, what="something in the queue")
            sluice.check_books()
            gate.open()
            lines = [line for *_, line in found(loki, '{job="shop"}', number)]
            assert lines == [f"line {index}" for index in range(number)]
            gate.shut()
        account = sluice.stop()
        assert account["received"] == account["delivered"] == number
    finally:
        gate.shut()


@pytest.mark.parametrize("fault", [answer(500, "ingester is gone"), answer(502), answer(503, "too many requests"), answer(504),
                                   answer(429, "maximum active stream limit exceeded"), answer(401, "no org id"), answer(403),
                                   answer(404, "404 page not found")], ids=lambda fault: str(fault.http))
def test_answers_that_may_pass_are_tried_again(collector, stand_in, fault):
    stand_in.answer_next(fault, fault)
    one = relay(stand_in)
    sluice = collector(one.config)
    number = send(one, records([f"line {index}" for index in range(10)]))
    found(stand_in, '{job="shop"}', number)
    account = sluice.stop()
    assert account["delivered"] == number and stand_in.attempts == 3


def test_answer_that_was_lost_does_not_double_the_lines(collector, stand_in):
    stand_in.answer_next(Answer(http=500, message="timeout behind the ingester", store=True), Answer(delay=3.0, http=204))
    one = relay(stand_in, timeout="1s")
    sluice = collector(one.config)
    number = send(one, records([f"line {index}" for index in range(10)]))
    process.wait_until(lambda: sluice.total("otelcol_exporter_sent_log_records") == number, what="delivery")
    bodies = {push.SerializeToString() for _, push in stand_in.requests}
    assert stand_in.attempts == 3 and len(bodies) == 1, "sent again, the bytes are the same"
    assert len(found(stand_in, '{job="shop"}', number)) == number
    assert sluice.stop()["delivered"] == number


def test_retry_after_is_honoured(collector, stand_in):
    stand_in.answer_next(answer(429, "ingestion rate limit exceeded", retry_after=2))
    one = relay(stand_in)
    collector(one.config)
    begin = time.monotonic()
    send(one, records(["a"]))
    found(stand_in, '{job="shop"}', 1)
    assert 1.9 <= time.monotonic() - begin < 8


@pytest.mark.parametrize("fault,reason", [(answer(400, "tenant ID is bad"), "partial"), (answer(405, "no"), "permanent"),
                                          (answer(302, "elsewhere"), "permanent"), (answer(422, "no valid stream"), "permanent")],
                         ids=lambda value: getattr(value, "http", value))
def test_answers_for_good_drop_it_counted(collector, stand_in, fault, reason):
    stand_in.answer_next(*[fault] * 20)
    one = relay(stand_in)
    sluice = collector(one.config)
    send(one, records(["a"]))
    process.wait_until(lambda: sluice.total("otelcol_exporter_send_failed_log_records") == 1, what="the drop")
    account = sluice.stop()
    assert (account["delivered"], account["dropped"], stand_in.attempts) == (0, 1, 1)
    assert account.reasons["dropped"] == {reason: 1} and fault.message in sluice.log()


def test_too_large_is_cut_until_it_fits(collector, stand_in):
    stand_in.answer_next(answer(413, "request body too large: 9 bytes, limit: 8 bytes"), answer(413, "request body too large"))
    one = relay(stand_in)
    sluice = collector(one.config)
    number = send(one, records([f"line {index}" for index in range(64)]))
    found(stand_in, '{job="shop"}', number)
    assert sluice.stop()["delivered"] == number


def test_one_tenant_that_is_refused_holds_up_no_other(collector, tmp_path):
    loki = StandIn(tmp_path, tenants=True)
    try:
        one = relay(loki)
        sluice = collector(one.config)
        loki.answer_next(answer(429, "ingestion rate limit exceeded"))  # one of the two, whichever comes first
        message = records(["1"], resource={"team": "red", "loki.tenant": "team"})
        message.MergeFrom(records(["2"], resource={"team": "blue", "loki.tenant": "team"}))
        send(one, message)
        for tenant in ("red", "blue"):
            found(loki, '{exporter="OTLP"}', 1, tenant=tenant)
        assert loki.attempts == 3, "what was taken is not sent again"
        assert sluice.stop()["delivered"] == 2
    finally:
        loki.close()


def test_order_of_a_stream_survives_failures_splits_and_ten_consumers(collector, stand_in):
    stand_in.answer_next(answer(503), answer(260, "ingestion blocked"), answer(413), answer(503), answer(429, "ingestion rate limit exceeded"))
    one = relay(stand_in, sending_queue={"num_consumers": 10})
    sluice = collector(one.config)
    number, at = 0, time.time_ns()
    for _ in range(20):
        number += send(one, records([f"line {number + index}" for index in range(10)], at=[at] * 10))
    process.wait_until(lambda: sluice.total("otelcol_exporter_queue_size") == 0 and sum(map(len, stand_in.streams.values())) >= number - 10,
                       what="all of them")
    (lines,) = [[line for _, line in entries] for entries in stand_in.streams.values()]
    expected = [f"line {index}" for index in range(number)]
    blocked = [line for line in expected if line not in lines]
    assert len(blocked) == 10 and lines == [line for line in expected if line not in blocked]
    account = sluice.stop()
    assert (account["delivered"], account["dropped"]) == (number - 10, 10)


def test_records_without_labels_are_dropped_and_the_others_go(collector, stand_in):
    one = relay(stand_in, default_labels_enabled={"exporter": False, "job": True})
    sluice = collector(one.config)
    message = records(["a", "b"])
    message.MergeFrom(records(["no label"], resource={"host": "h"}))
    send(one, message)
    found(stand_in, '{job="shop"}', 2)
    process.wait_until(lambda: sluice.total("otelcol_exporter_send_failed_log_records") == 1, what="the drop")
    assert sluice.total("otelcol_lokiexporter_send_failed_due_to_missing_labels") == 1
    account = sluice.stop()
    assert (account["delivered"], account["dropped"]) == (2, 1)


@pytest.mark.parametrize("name", ["localhost", "elsewhere.example"])
def test_certificate_is_verified(collector, certificate, tmp_path, name):
    files = certificate("loki", f"DNS:{name}")
    loki = StandIn(tmp_path, tls=files)
    try:
        one = relay(loki, tls={"ca_file": str(files[0])}, retry_on_failure={**QUICK_RETRY, "max_elapsed_time": "2s"})
        sluice = collector(one.config)
        send(one, records(["a"] * 8, at=range(1, 9)))
        if name == "localhost":
            found(loki, '{job="shop"}', 8)
            assert sluice.stop()["delivered"] == 8
            return
        process.wait_until(lambda: sluice.total("otelcol_exporter_send_failed_log_records") == 8, what="the drop")
        assert re.search("[Cc]ertificate|host name", sluice.log()), "an error that names the certificate"
        account = sluice.stop()
        assert loki.attempts == 0 and account["delivered"] == 0 and account["dropped"] == 8
    finally:
        loki.close()
