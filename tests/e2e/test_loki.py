# SPDX-License-Identifier: Apache-2.0
"""Log records reach Loki by the `loki` exporter and by `otlp_http`: found by LogQL with the labels, line and time they should have;
what Loki's limits refuse is counted to the item, as Loki's own counters have it.

The real Loki runs where SLUICE_TEST_LOKI names its binary. Everywhere the same tests run against the strict stand-in.
"""
import contextlib
import json
import time

import pytest
from harness import otlp
from harness.loki import RealLoki, StandIn, found, records, relay, send, settled
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

DAY = 86400 * 10**9


@pytest.fixture(params=[StandIn, RealLoki], ids=["stand-in", "real"])
def make_loki(request, tmp_path):
    """make(limits=..., tenants=...) -> a Loki."""
    with contextlib.ExitStack() as made:
        yield lambda **options: made.enter_context(contextlib.closing(request.param(tmp_path, **options)))


def emit(port):
    """Records of the SDK: [(time, body, severity), ...]."""
    resource = Resource({"service.name": "shop", "service.namespace": "web", "service.instance.id": "i-1", "deployment.environment": "test"})
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(endpoint=f"http://127.0.0.1:{port}/v1/logs")))
    logger, begin, sent = provider.get_logger("checkout", "1.2"), time.time_ns(), []
    for index, severity in enumerate([SeverityNumber.INFO, SeverityNumber.WARN, SeverityNumber.ERROR] * 3):
        sent.append((begin + index * 1000, f"order {index} <paid> & \"done\"", severity.name))
        logger.emit(timestamp=sent[-1][0], severity_number=severity, severity_text=severity.name.lower(), body=sent[-1][1],
                    attributes={"order": index, "paid": True})
    provider.shutdown()
    return sent


def test_records_of_the_sdk_are_found_with_labels_line_and_time(collector, make_loki):
    loki = make_loki()
    one = relay(loki)
    sluice = collector(one.config)
    sent = emit(one.http_port)
    labels = {"exporter": "OTLP", "job": "web/shop", "instance": "i-1"}
    resource = {"service.name": "shop", "service.namespace": "web", "service.instance.id": "i-1", "deployment.environment": "test"}
    expected = [(at, {**labels, "level": severity, "service_name": "web/shop"},
                 {"body": body, "severity": severity.lower(), "attributes": {"order": index, "paid": True}, "resources": resource,
                  "instrumentation_scope": {"name": "checkout", "version": "1.2"}}) for index, (at, body, severity) in enumerate(sent)]
    entries = [(at, stream, json.loads(line)) for at, stream, line in found(loki, '{job="web/shop"}', len(sent))]
    for _, _, line in entries:
        line["resources"] = {key: value for key, value in line["resources"].items() if not key.startswith("telemetry.sdk.")}
    assert entries == expected
    assert [at for at, *_ in found(loki, '{job="web/shop", level="WARN"}', 3)] == [at for at, _, severity in sent if severity == "WARN"]
    assert len(loki.entries('{exporter="OTLP"} |= "order 7"')) == 1
    account = sluice.stop()
    assert account["received"] == account["delivered"] == len(sent) and loki.discarded() == {}


def test_records_of_the_sdk_are_found_when_sent_as_otlp(collector, make_loki):
    loki = make_loki()
    one = relay(loki, "otlp_http")
    sluice = collector(one.config)
    sent = emit(one.http_port)
    labels = {"service_name": "shop", "service_namespace": "web", "service_instance_id": "i-1", "deployment_environment": "test"}
    assert found(loki, '{service_name="shop"}', len(sent)) == [(at, labels, body) for at, body, _ in sent]
    account = sluice.stop()
    assert account["received"] == account["delivered"] == len(sent) and loki.discarded() == {}


def test_hints_make_labels_and_choose_the_line(collector, make_loki):
    loki = make_loki()
    one = relay(loki, default_labels_enabled={"exporter": False, "job": True})
    sluice = collector(one.config)
    resource = {"service.name": "shop", "region": "eu \"west\" \\ 1", "loki.resource.labels": "region,service.name,not.there"}
    number = send(one, records(["a=1 b=\"two words\"", "hello world"], resource={**resource, "loki.format": "logfmt"},
                               attributes={"http.route": "/pay", "user": "u1", "loki.attribute.labels": "http.route"}, severity=9))
    number += send(one, records(["just this"], resource={**resource, "loki.format": "raw"}))
    labels = {"job": "shop", "service_name": "shop", "region": "eu \"west\" \\ 1"}
    lines = [(stream, line) for _, stream, line in found(loki, '{http_route="/pay"}', 2)]
    assert lines == [({**labels, "http_route": "/pay", "level": "INFO"}, 'a=1 b="two words" attribute_user=u1'),
                     ({**labels, "http_route": "/pay", "level": "INFO"}, 'msg="hello world" attribute_user=u1')]
    assert [entry[1:] for entry in found(loki, '{job="shop", http_route=""}', 1)] == [(labels, "just this")]
    account = sluice.stop()
    assert account["received"] == account["delivered"] == number


def test_each_tenant_finds_its_own_records(collector, make_loki):
    loki = make_loki(tenants=True)
    one = relay(loki)
    sluice = collector(one.config)
    message = otlp.REQUEST["logs"]()
    for tenant in ("red", "blue"):
        message.MergeFrom(records([f"{tenant} {index}" for index in range(20)],
                                  resource={"team": tenant, "loki.tenant": "team", "loki.format": "raw"}))
    send(one, message)
    for tenant in ("red", "blue"):
        lines = {line for _, _, line in found(loki, '{exporter="OTLP"}', 20, tenant=tenant)}
        assert lines == {f"{tenant} {index}" for index in range(20)}
    account = sluice.stop()
    assert account["received"] == account["delivered"] == 40


@pytest.mark.parametrize("compression", ["gzip", "snappy"])
def test_compression_that_loki_unpacks(collector, make_loki, compression):
    loki = make_loki()
    one = relay(loki, compression=compression)
    sluice = collector(one.config)
    send(one, records([f"line {index} " + "x" * 100 for index in range(100)]))
    found(loki, '{job="shop"}', 100)
    assert sluice.stop()["delivered"] == 100


def many_labels(count):
    names = [f"label{index}" for index in range(count)]
    return {**dict.fromkeys(names, "x"), "loki.resource.labels": ",".join(names), "loki.format": "raw"}


# limits of Loki, the reason of its counter, what it refuses: lines, times (relative to now), resource.
REFUSED = {
    "line too long": ({"max_line_size": 1000}, "line_too_long", ["x" * 1001] * 3 + ["y" * 2000], None, None),
    "too old": ({"reject_old_samples": True, "reject_old_samples_max_age": "168h"}, "greater_than_max_sample_age",
                [f"old {index}" for index in range(50)], [-8 * DAY - index for index in range(50)], None),
    "too new": ({}, "too_far_in_future", ["new", "newer"], [DAY, DAY + 1], None),
    "too many labels": ({}, "max_label_names_per_series", ["a", "b", "c"], None, many_labels(16)),
    "label too long": ({}, "label_value_too_long", ["a", "b"], None,
                       {"long": "v" * 2049, "loki.resource.labels": "long", "loki.format": "raw"}),
    "too far behind": ({}, "too_far_behind", ["late 1", "late 2"], [-DAY, -DAY + 1], None),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_limit_refuses_is_counted_as_loki_counts_it(collector, make_loki, case):
    limits, reason, lines, times, resource = REFUSED[case]
    loki = make_loki(limits=limits)
    one = relay(loki)
    sluice = collector(one.config)
    now = time.time_ns()
    good = records([f"good {index}" for index in range(20)], at=[now - 1000 + index for index in range(20)])
    bad = records(lines, at=times and [now + offset for offset in times], resource=resource)
    good_number = send(one, good)
    found(loki, '{job="shop"}', good_number)  # so that what is late is late
    again = records([f"more {index}" for index in range(5)])
    again.MergeFrom(bad)
    total = good_number + send(one, again)
    settled(sluice, total)
    assert loki.discarded() == {reason: len(lines), **({"invalid_labels": len(lines)} if resource else {})}  # Loki's own double count
    found(loki, '{job="shop"}', good_number + 5)
    account = sluice.stop()
    assert account["received"] == total and account["delivered"] == total - len(lines)
    assert account.reasons["dropped"] == {"partial": len(lines)}


def test_several_limits_at_once_are_counted_together(collector, make_loki):
    loki = make_loki(limits={"max_line_size": 1000})
    one = relay(loki)
    sluice = collector(one.config)
    now = time.time_ns()
    message = records(["good", "x" * 1001, "x" * 1002, "x" * 1001, "good too"])
    message.MergeFrom(records(["future"], at=[now + DAY]))
    message.MergeFrom(records(["a", "b", "c", "d"], resource=many_labels(20)))
    settled(sluice, send(one, message))
    assert loki.discarded() == {"line_too_long": 3, "too_far_in_future": 1, "max_label_names_per_series": 4, "invalid_labels": 4}
    found(loki, '{job="shop"}', 2)
    account = sluice.stop()
    assert (account["delivered"], account["dropped"]) == (2, 8) and account.reasons["dropped"] == {"partial": 8}


def test_rate_limit_delays_and_loses_nothing(collector, make_loki):
    loki = make_loki(limits={"ingestion_rate_mb": 0.1, "ingestion_burst_size_mb": 0.1})
    one = relay(loki)
    sluice = collector(one.config)
    number = sum(send(one, records([f"{part} {index} " + "x" * 990 for index in range(60)])) for part in range(4))
    # More than the burst in one request can never pass as it is.
    number += send(one, records([f"large {index} " + "x" * 990 for index in range(240)]))
    found(loki, '{job="shop"}', number)
    assert set(loki.discarded()) == {"rate_limited"}
    account = sluice.stop()
    assert account["received"] == account["delivered"] == number


def test_what_the_operator_has_blocked_is_dropped_as_blocked(collector, make_loki):
    loki = make_loki(limits={"block_ingestion_until": "'2099-01-01T00:00:00Z'"})
    one = relay(loki)
    sluice = collector(one.config)
    settled(sluice, send(one, records(["a", "b", "c"])))
    assert loki.discarded() == {"blocked_ingestion": 3}
    account = sluice.stop()
    assert (account["delivered"], account["dropped"]) == (0, 3) and account.reasons["dropped"] == {"blocked": 3}


def test_limits_on_the_otlp_path_cost_only_what_they_refuse(collector, make_loki):
    loki = make_loki(limits={"max_line_size": 1000})
    one = relay(loki, "otlp_http")
    sluice = collector(one.config)
    total = send(one, records([f"good {index}" for index in range(10)] + ["x" * 1001] + [f"more {index}" for index in range(10)],
                              resource={"service.name": "shop"}))
    settled(sluice, total)
    assert {line for *_, line in found(loki, '{service_name="shop"}', 20)} == {f"{word} {index}" for word in ("good", "more") for index in range(10)}
    account = sluice.stop()
    assert (account["received"], account["delivered"], account["dropped"]) == (21, 20, 1)
