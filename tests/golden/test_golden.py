# SPDX-License-Identifier: Apache-2.0
"""Golden pipelines: a folder of cases/ has a configuration, what is sent, and what must come out, through the real process.

    cases/<name>/config.yaml            ${env:OTLP_HTTP} is where the inputs go, ${env:BACKEND_HTTP} and ${env:BACKEND_GRPC} the stand-in
    cases/<name>/input.<n>.<signal>.json  OTLP/JSON requests, sent in the order of n
    cases/<name>/expected.txt           the lines that the debug exporter wrote
    cases/<name>/expected.<signal>.json   what the stand-in backend got, as OTLP/JSON, all requests in one

A case has the expected files that fit its exporters. `pytest tests/golden --update` writes them; read the difference
before you commit it.
"""
import base64
import json
import pathlib
import re

import pytest
from google.protobuf import json_format
from harness import clients, collector as process, otlp

CASES = sorted(path.parent for path in pathlib.Path(__file__).parent.glob("cases/*/config.yaml"))
IDS = {"traceId", "spanId", "parentSpanId"}


def debug_lines(text):
    """The messages of the debug exporter without times, and without those of the collector itself."""
    messages = re.split(r"^(?=\d{4}-\d\d-\d\dT)", text, flags=re.MULTILINE)
    kept = [message for message in messages if re.search(r'"otelcol.component.kind": "exporter"[^\n]*\n\Z', message)]
    text = re.sub(r"^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d{4})", "<time>", "".join(kept), flags=re.MULTILINE)
    return re.sub(r'"resource": \{[^}]*\}, ', "", text)


def hex_ids(value):
    """protobuf's JSON has ids in base64, OTLP/JSON has them in hex."""
    if isinstance(value, list):
        return [hex_ids(one) for one in value]
    if isinstance(value, dict):
        return {key: base64.b64decode(one).hex() if key in IDS else hex_ids(one) for key, one in value.items()}
    return value


def backend_json(backend, signal):
    merged = otlp.REQUEST[signal]()
    for request in backend.stored(signal):
        merged.MergeFrom(request.message)
    return json.dumps(hex_ids(json_format.MessageToDict(merged, use_integers_for_enums=True)), indent=1, ensure_ascii=False) + "\n"


def compare(path, found, update):
    if update:
        path.write_text(found)
    assert path.is_file(), f"{path} is not there; --update writes it"
    assert found == path.read_text(), f"differs from {path}; --update accepts it"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_golden(collector, backend, case, request):
    update = request.config.getoption("--update")
    http = process.free_port()
    sluice = collector(case / "config.yaml", env={
        "OTLP_HTTP": f"127.0.0.1:{http}", "BACKEND_HTTP": f"http://127.0.0.1:{backend.http_port}",
        "BACKEND_GRPC": f"127.0.0.1:{backend.grpc_port}"})
    inputs = sorted(case.glob("input.*.json"), key=lambda path: int(path.name.split(".")[1]))
    assert inputs, f"{case} has no input"
    signals = [path.name.split(".")[2] for path in inputs]
    for path, signal in zip(inputs, signals):
        status, _, body = clients.send_http(http, signal, path.read_bytes(), "application/json")
        assert status == 200, body
    account = sluice.stop()
    assert account["dropped"] == account["queued"] == 0
    config = (case / "config.yaml").read_text()
    if "debug" in config:
        compare(case / "expected.txt", debug_lines(sluice.output() + sluice.log()), update)
    for signal in sorted(set(signals)) if "BACKEND" in config else []:
        compare(case / f"expected.{signal}.json", backend_json(backend, signal), update)
