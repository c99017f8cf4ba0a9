# SPDX-License-Identifier: Apache-2.0
"""The seed's lab, its collector file byte for byte: metrics in a real Prometheus, traces in Tempo, logs in Loki, every query of its pages.

Tempo and Loki are the real ones where SLUICE_TEST_TEMPO and SLUICE_TEST_LOKI name their binaries; everywhere the same tests run
against strict stand-ins.
"""
import json
import math
import re
import urllib.request

import pytest
from harness import prometheus as prometheuses, seed
from harness.collector import wait_until
from harness.lab import LOGS_PER_WAVE, WAVES, Lab, destinations

pytestmark = pytest.mark.timeout(300)  # the first test waits for the whole lab
REFERENCE = "reference/prometheus-exporter-otelcol-0.161.txt"


@pytest.fixture(scope="module", params=["stand-ins", "real"])
def lab(request, tmp_path_factory, seeds, seed_python, prometheus_binary):
    folder = tmp_path_factory.mktemp("lab")
    with destinations(request.param, folder) as (tempo, loki):
        one = Lab(folder, seeds, seed_python, tempo, loki)
        try:
            one.start().run()
            yield one
            account = one.sluice.stop()
            print(f"account: {account}")
            assert account["received"] == account["delivered"] > 0 and account["dropped"] == account["queued"] == 0
        finally:
            one.close()


def same(one, other):
    """Whether two answers of Prometheus have the same series with the same numbers."""
    return one.keys() == other.keys() and all(math.isclose(one[key], other[key], rel_tol=1e-9) for key in one)


def readable(answer):
    return {" ".join(sorted(f"{name}={value}" for name, value in labels)): number for labels, number in answer.items()}


def test_counts_in_prometheus_are_the_answers_of_the_application(lab):
    answers = [(answer.path, answer.status) for answer in lab.app.answers]
    assert len(answers) == sum(map(len, WAVES)) == 15
    found = {(dict(labels)["route"], dict(labels)["status"]): number
             for labels, number in lab.prometheus.query("app_http_requests_total", lab.at).items()}
    assert found == {(path, str(status)): answers.count((path, status)) for path, status in answers if path != "/slow"}
    found = {dict(labels)["route"]: number
             for labels, number in lab.prometheus.query("app_http_request_duration_seconds_count", lab.at).items()}
    assert found == {"/hello": 5, "/slow": 5}


def test_every_query_of_the_seed_answers_what_the_application_did(lab):
    lab.fill_truth()
    expressions = [expression for text in lab.texts() for expression in seed.expressions(text, "app_")]
    assert len(expressions) > 20
    for expression in expressions:
        answer, truth = lab.prometheus.query(expression, lab.at), lab.truth.query(expression, lab.at)
        print(f"{' '.join(expression.split())}\n    {readable(answer)}")
        assert answer, f"{expression} has no answer"
        assert same(answer, truth), f"{expression}: {readable(answer)}, but the application did {readable(truth)}"


def test_rules_of_the_seed_load_and_see_the_application(lab):
    check = prometheuses.run_tool("check", "rules", lab.prometheus.folder / "alerts.yml")
    assert check.returncode == 0 and "SUCCESS" in check.stdout, check.stdout
    written = sum(text.count("- alert: ") + text.count("- record: ") for text in lab.texts())
    assert f"SUCCESS: {written} rules found" in check.stdout
    lab_alert, burn = ("sample-app-alerts", "HighLatencyP99"), ("loose", "HighErrorBudgetBurn")
    for alert in (lab_alert, burn):
        wait_until(lambda: lab.prometheus.rules()[alert].get("state") in ("pending", "firing"), 30, f"{alert} to be pending", every=0.1)
    rules = lab.prometheus.rules()
    assert len(rules) == written and not [rule for rule in rules.values() if rule.get("lastError")]
    assert rules["sample-app-alerts", "ServiceDown"]["state"] == "inactive"


def exposition(text, port=8000):
    """{line without its number: number or None}, in order; the application's port is made the reference's."""
    lines = text.replace(f":{port}", ":8000").replace(f'"{port}"', '"8000"').splitlines()
    pairs = [(line, None) if line.startswith("#") else (line.rsplit(" ", 1)[0], float(line.rsplit(" ", 1)[1])) for line in lines]
    assert len(dict(pairs)) == len(pairs), "a line comes twice"
    return dict(pairs)


def test_exposition_is_what_the_opentelemetry_collector_shows(lab):
    with urllib.request.urlopen(f"http://127.0.0.1:{lab.exporter_port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        found = exposition(answer.read().decode(), lab.app.port)
    reference = exposition((lab.seeds / REFERENCE).read_text())
    # There, each of the five /error was one; here some were, and those that were not make series of the same form.
    errors = sum(answer.status == 500 for answer in lab.app.answers)
    expected = {}
    for line, number in reference.items():
        if "/error" not in line:
            expected[line] = number
        else:
            expected[line] = number * errors / 5
            expected[re.sub(r'(status|status_code)="500"', r'\1="200"', line)] = number * (5 - errors) / 5
    assert 0 < errors < 5 and set(found) == set(expected)
    # What counts requests is known to the number; how long they took and how large they were is not.
    known = {line: number for line, number in expected.items()
             if number is not None and ("_count{" in line or "_sum{" not in line and not line.startswith("app_http_server_"))}
    assert len(known) > 40 and {line: found[line] for line in known} == known


def test_order_of_the_exposition_is_stable(lab):
    def scrape():
        with urllib.request.urlopen(f"http://127.0.0.1:{lab.exporter_port}/metrics", timeout=10) as answer:
            return list(exposition(answer.read().decode()))

    lines = scrape()
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert families == sorted(families) and scrape() == lines


def test_traces_of_every_answer_are_in_tempo(lab):
    for trace, expected in lab.app.spans().items():
        wait_until(lambda: lab.tempo.spans(trace) == expected, 30, f"{expected} in Tempo, found {lab.tempo.spans(trace)}")
    assert lab.sluice.total("otelcol_exporter_sent_spans", exporter="otlp/tempo") == sum(map(len, lab.app.spans().values()))


def test_logs_are_in_loki_with_labels_line_and_time(lab):
    labels = {"job": "sample-app", "service_name": "sample-app", "deployment_environment": "local"}
    expected = {}
    for index, (at, body, severity) in enumerate(lab.logs):
        line = {"body": body, "severity": severity, "attributes": {"index": index % LOGS_PER_WAVE},
                "resources": {"service.version": "1.0.0"}, "instrumentation_scope": {"name": "lab"}}
        expected[at] = ({**labels, "level": severity}, line)
    wait_until(lambda: len(lab.loki.entries('{job="sample-app"}')) >= len(expected), 30, "all records in Loki", every=0.1)
    found = {at: (stream, json.loads(line)) for at, stream, line in lab.loki.entries('{job="sample-app"}')}
    assert found == expected
    assert len(lab.loki.entries('{service_name="sample-app", level="ERROR"}')) == sum(severity == "ERROR" for *_, severity in lab.logs)


def test_own_metrics_are_scraped_and_the_books_are_in_prometheus(lab):
    assert {job: target["health"] for job, target in lab.prometheus.targets().items() if job != "grafana"} == {
        "prometheus": "up", "otel-collector": "up", "sample-app": "up"}
    spans = sum(map(len, lab.app.spans().values()))
    lab.prometheus.wait_for("sum(otelcol_exporter_sent_spans)", lambda answer: list(answer.values()) == [spans])
    lab.prometheus.wait_for("sum(otelcol_exporter_sent_log_records)", lambda answer: list(answer.values()) == [len(lab.logs)])
    (imbalance,) = lab.prometheus.query("max(abs(sluice_ledger_imbalance))").values()
    assert imbalance == 0
