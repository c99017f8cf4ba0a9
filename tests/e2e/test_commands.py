# SPDX-License-Identifier: Apache-2.0
"""The `sluice` command, the examples, and what the README tells its readers to type."""
import json
import re
import signal as signals
import subprocess

import pytest
from harness import collector as process, otlp
from harness.configs import relay_to

EXAMPLES = sorted((process.ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example_is_valid_without_a_warning(example):
    result = process.run_cli("validate", "--strict", "--config", example)
    assert result.returncode == 0, result.stderr


def test_version():
    result = process.run_cli("--version")
    assert result.returncode == 0 and re.search(r"\b\d+\.\d+\.\d+\b", result.stdout)


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run", "--frobnicate"], ["run"], ["components", "nothing"]])
def test_wrong_commands_say_what_is_wrong(arguments):
    result = process.run_cli(*arguments)
    assert result.returncode != 0 and result.stderr.strip() and result.stdout == ""


def test_components_lists_the_catalog():
    result = process.run_cli("components")
    assert result.returncode == 0
    for kind, name in (("receiver", "otlp"), ("processor", "batch"), ("exporter", "otlp_grpc"), ("exporter", "otlp_http"),
                       ("exporter", "debug"), ("exporter", "file"), ("exporter", "nop"), ("receiver", "nop"), ("connector", "forward")):
        assert re.search(rf"^{kind}\s+{name}\b", result.stdout, re.MULTILINE), f"no {kind} {name} in:\n{result.stdout}"
    for alias in ("otlphttp", "logging"):
        assert alias in result.stdout


def test_components_prints_all_settings_of_one():
    result = process.run_cli("components", "otlp")
    assert result.returncode == 0
    for text in ("protocols", "max_recv_msg_size_mib", "localhost:4317", "localhost:4318", "cors", "keepalive"):
        assert text in result.stdout, text


def test_schema_is_json_and_knows_the_components():
    result = process.run_cli("schema")
    assert result.returncode == 0
    schema = json.loads(result.stdout)
    assert {"receivers", "processors", "exporters", "connectors", "extensions", "service"} <= set(schema["properties"])
    assert "send_batch_size" in result.stdout


def test_print_config_shows_the_merged_result_without_secrets(tmp_path):
    (tmp_path / "one.yaml").write_text("exporters: {otlp_grpc: {endpoint: '${env:TARGET}', headers: {authorization: hunter2secret}}}\n"
                                       "receivers: {otlp: {protocols: {grpc: }}}\n")
    (tmp_path / "two.yaml").write_text("service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp_grpc]}}}\n")
    arguments = ["print-config", "--config", "one.yaml", "--config", "two.yaml", "--set", "exporters.otlp_grpc.timeout=7s"]
    result = process.run_cli(*arguments, cwd=tmp_path, env={"TARGET": "there:4317"})
    assert result.returncode == 0, result.stderr
    assert "there:4317" in result.stdout and "7s" in result.stdout
    assert "hunter2secret" not in result.stdout + result.stderr
    assert "num_consumers" not in result.stdout
    with_defaults = process.run_cli(*arguments, "--defaults", cwd=tmp_path, env={"TARGET": "there:4317"})
    assert with_defaults.returncode == 0 and "num_consumers" in with_defaults.stdout


def test_the_seeds_collector_file_is_valid(seeds):
    result = process.run_cli("validate", "--config", seeds / "config/otel-collector-config.yaml")
    assert result.returncode == 0, result.stderr
    assert re.findall(r"\[(config\.\w+)\]", result.stderr) == ["config.deprecated", "config.unused"], result.stderr
    for pipeline in ("traces", "metrics", "logs"):
        assert f"{pipeline}: OK is answered at level L1" in result.stdout


@pytest.mark.parametrize("number", [signals.SIGTERM, signals.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_signals_drain_and_exit_0(collector, backend, number):
    relay = relay_to(backend, processors={"batch": {"timeout": "60s"}})
    sluice = collector(relay.config)
    from harness import clients
    assert clients.send_grpc(relay.grpc_port, "traces", otlp.make("traces", 123)).code == 0
    account = sluice.stop(number)
    assert backend.count("traces") == account["delivered"] == account["received"] == 123


def test_readme_commands_send_and_show_the_first_span_log_and_metric(collector):
    """Runs the README's own lines against examples/quickstart.yaml on free ports."""
    ports = {number: process.free_port() for number in (4317, 4318, 8889, 13133)}
    settings = {"receivers.otlp.protocols.grpc": 4317, "receivers.otlp.protocols.http": 4318, "exporters.prometheus": 8889,
                "extensions.health_check": 13133}
    sluice = collector(process.ROOT / "examples/quickstart.yaml",
                       *(word for path, number in settings.items() for word in ("--set", f"{path}.endpoint=localhost:{ports[number]}")))
    ports[8888] = sluice.metrics_port
    lines = re.findall(r"^ {4}((?:curl|cat) .*)$", (process.ROOT / "README.md").read_text(), re.MULTILINE)
    sending, looking = ([line for line in lines if ("--data" in line) is sends] for sends in (True, False))

    def answer(line):
        line = re.sub(r"localhost:(\d+)", lambda found: f"localhost:{ports[int(found[1])]}", line).replace("@", f"@{process.ROOT}/")
        return subprocess.run(line, shell=True, cwd=sluice.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=False).stdout

    assert len(sending) == 3
    for line in sending:
        assert answer(line).startswith("HTTP/1.1 200"), line

    def printed():
        text = sluice.output() + sluice.log()
        return all(name in text for name in ("first span", "Hello from curl", "greetings"))

    process.wait_until(printed, what="the three items on the console")
    shown = {"sluice-data": ("first span", "Hello from curl"), ":8889": ('greetings_total{greeting_language="en"',),
             ":8888": ("otelcol_receiver_accepted_spans", "sluice_ledger_imbalance"), ":13133": ("Server available",)}
    assert len(looking) == len(shown)
    for line in looking:
        texts = next(texts for place, texts in shown.items() if place in line)
        process.wait_until(lambda line=line, texts=texts: all(text in answer(line) for text in texts), what=f"{texts} from {line}")
    account = sluice.stop()
    assert account["received"] == 3 and account["delivered"] == 6  # each in its place, and on the console
