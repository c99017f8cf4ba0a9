# SPDX-License-Identifier: Apache-2.0
"""Mistakes in the configuration: each is named with its place and id, all at once, with exit code 1 and nothing started."""
import json
import os
import re
import shutil
import socket
import textwrap

import pytest
from harness import collector as process

GOOD = """
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:{grpc}
exporters:
  debug:
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [debug]}}
"""


def good():
    return GOOD.format(grpc=process.free_port())


def change(old, new):
    text = good()
    assert old in text
    return text.replace(old, new)


# name -> (what is in the file, id of the diagnostic, line or None)
MISTAKES = {
    "empty file": ("", "config.root", None),
    "tab": ("receivers:\n\totlp:\n", "yaml.tab", 2),
    "unclosed quote": ('receivers: {otlp: "x}\n', "yaml.quote", 1),
    "syntax": ("receivers: [\n", "yaml.unclosed", None),
    "duplicate key": (change("exporters:\n", "exporters:\n  nop:\nexporters:\n"), "yaml.duplicate-key", None),
    "unknown key": (change("endpoint:", "endpont:"), "config.unknown-key", 6),
    "unknown section": (change("service:\n", "servce: {}\nservice:\n"), "config.unknown-key", None),
    "wrong type": (change("  debug:\n", "  debug: {use_internal_logger: maybe}\n"), "config.type", 8),
    "out of range": (change("      grpc:\n", "      grpc:\n        max_recv_msg_size_mib: 5000000000\n"), "config.range", 6),
    "bad duration": (change("  debug:\n", "  debug:\nprocessors:\n  batch: {timeout: 5x}\n"), "config.duration", None),
    "bad choice": (change("  debug:\n", "  debug: {verbosity: loud}\n"), "config.choice", 8),
    "no port": (re.sub(r"127.0.0.1:\d+", "127.0.0.1:http", good()), "config.format", 6),
    "unset variable": (change("  debug:\n", "  debug: {verbosity: '${env:SLUICE_TEST_UNSET}'}\n"), "expand.unset-env", 8),
    "alias bomb": ("a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join(['*' + chr(97 + level)] * 9)}]\n" for level in range(8)), "yaml.too-large", None),
    "expansion without end": (change("  debug:\n", "  debug: {verbosity: '${env:SLUICE_TEST_LOOP}'}\n"), "expand.cycle", 8),
    "unknown component": (change("  debug:\n", "  debgu:\n"), "config.unknown-component", 8),
    "component in the wrong section": (change("exporters:\n", "processors:\n  debug:\nexporters:\n"), "config.unknown-component", None),
    "undefined component": (change("exporters: [debug]", "exporters: [nop]"), "config.undefined", 12),
    "empty pipeline": (change("{receivers: [otlp], exporters: [debug]}", "{}"), "config.missing", 12),
    "no pipelines": (change("    traces: {receivers: [otlp], exporters: [debug]}", "    {}"), "config.no-pipeline", None),
    "unknown signal": (change("    traces:", "    tracs:"), "config.signal", 12),
    "component named twice": (change("exporters: [debug]", "exporters: [debug, debug]"), "config.duplicate-item", 12),
    "two on one port": (change("        endpoint", "        endpoint: 127.0.0.1:4320\n      http:\n        endpoint: 127.0.0.1:4320\n        #"), "config.port", None),
    "no protocol": (re.sub(r"    protocols:\n.*\n.*\n", "    protocols: {}\n", good()), "config.rule", None),
    "not supported yet": (change("  debug:\n", "  otlp: {endpoint: 'x:1', sending_queue: {storage: file_storage}}\n  debug:\n"), "config.un", None),
}


def diagnostics(stderr):
    return re.findall(r"^(\S+?):(\d+):(\d+): error: (.*) \[([\w.-]+)\]$", stderr, re.MULTILINE)


@pytest.mark.parametrize("command", ["validate", "run"])
@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_named_with_its_place(tmp_path, name, command):
    text, identifier, line = MISTAKES[name]
    (tmp_path / "gateway.yaml").write_text(text)
    result = process.run_cli(command, "--config", "gateway.yaml", cwd=tmp_path,
                             env={"SLUICE_TEST_LOOP": "${env:SLUICE_TEST_LOOP}"})
    if name == "unset variable":  # upstream only warns; the empty text is then no verbosity, which is the error
        assert result.returncode == 1 and identifier in result.stderr
        return
    assert result.returncode == 1, result.stderr
    found = diagnostics(result.stderr)
    fitting = [one for one in found if one[4].startswith(identifier)]
    assert fitting, f"no {identifier} in:\n{result.stderr}"
    if line is not None:
        assert fitting[0][:2] == ("gateway.yaml", str(line)), result.stderr
    assert process.READY not in result.stderr and result.stdout == ""


@pytest.mark.parametrize("command", ["validate", "run"])
def test_missing_file(tmp_path, command):
    result = process.run_cli(command, "--config", tmp_path / "nowhere.yaml")
    assert result.returncode == 1 and "nowhere.yaml" in result.stderr and "config.file" in result.stderr


def test_all_mistakes_are_reported_at_once(tmp_path):
    (tmp_path / "many.yaml").write_text(textwrap.dedent("""\
        receivers:
          otlp:
            protocols:
              grpc: {endpont: "x:1", keepalive: {server_parameters: {time: 30}}}
        processors:
          batch: {timeout: 5x, send_batch_size: -1}
        exporters:
          debgu:
          otlp_grpc: {endpoint: "x:1", compresion: gzip, headers: {authorization: hunter2secret, x: 5}}
        service:
          pipelines:
            traces: {receivers: [otlp, other], processors: [batch], exporters: [otlp_grpc]}
            metrics: {receivers: [otlp]}
        """))
    result = process.run_cli("validate", "--config", "many.yaml", cwd=tmp_path)
    assert result.returncode == 1
    lines = [int(one[1]) for one in diagnostics(result.stderr)]
    assert lines == sorted(lines)
    assert {4, 6, 8, 9, 12, 13} <= set(lines), result.stderr
    assert lines.count(4) == 2 and lines.count(6) == 2 and lines.count(9) >= 2
    assert 'did you mean "endpoint"?' in result.stderr and 'did you mean "debug"?' in result.stderr
    assert re.search(rf"^{len(lines)} errors", result.stderr.splitlines()[-1])
    assert "hunter2secret" not in result.stderr


def test_diagnostics_as_json(tmp_path):
    (tmp_path / "gateway.yaml").write_text(MISTAKES["unknown key"][0])
    result = process.run_cli("validate", "--config", "gateway.yaml", "--format", "json", cwd=tmp_path)
    assert result.returncode == 1
    (found,) = [one for one in json.loads(result.stdout or result.stderr) if one["severity"] == "error"]
    assert (found["id"], found["file"], found["line"], found["column"]) == ("config.unknown-key", "gateway.yaml", 6, 9)


def test_warnings_alone_pass_and_strict_makes_them_errors(tmp_path):
    (tmp_path / "gateway.yaml").write_text(change("exporters:\n", "processors:\n  batch: {timeout: }\nexporters:\n"))
    assert process.run_cli("validate", "--config", "gateway.yaml", cwd=tmp_path).returncode == 0
    assert process.run_cli("validate", "--strict", "--config", "gateway.yaml", cwd=tmp_path).returncode == 1


def test_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "gateway.yaml").write_text(GOOD.format(grpc=port))
        assert process.run_cli("validate", "--config", "gateway.yaml", cwd=tmp_path).returncode == 0
        result = process.run_cli("run", "--config", "gateway.yaml", cwd=tmp_path)
    assert result.returncode == 1
    assert str(port) in result.stderr and "otlp" in result.stderr and "in use" in result.stderr, result.stderr


def plugin_copy(tmp_path):
    """A copy of the plugins beside a copy of nothing else, to damage."""
    folder = tmp_path / "plugins"
    shutil.copytree(process.BINARY.parent.parent / "lib/sluice/plugins", folder)
    return folder


def test_damaged_plugin_is_named(tmp_path):
    folder = plugin_copy(tmp_path)
    (folder / "exporter_debug.so").write_bytes(b"\x7fELF no plugin at all")
    check = process.run_cli("plugin", "check", folder / "exporter_debug.so")
    assert check.returncode == 1 and "exporter_debug.so" in check.stderr + check.stdout


def test_plugin_of_another_abi_is_refused(tmp_path):
    """The magic and version of a real plugin, found in its file and changed there."""
    folder = plugin_copy(tmp_path)
    plugin = folder / "exporter_nop.so"
    data = bytearray(plugin.read_bytes())
    at = data.find(b"SLUICE01")
    assert at > 0
    data[at + 12] = 9  # magic (8), struct_size (4), abi_major (4)
    plugin.write_bytes(data)
    check = process.run_cli("plugin", "check", plugin)
    assert check.returncode == 1 and re.search(r"built for plugin ABI 9\.", check.stderr + check.stdout), check.stderr


@pytest.mark.parametrize("name, settings", [("connector_forward", None), ("exporter_nop", None),
                                            ("exporter_otlp_http", "otlp_http={endpoint: 'http://127.0.0.1:1'}")])
def test_plugin_that_ships_passes_its_check(name, settings):
    plugin = process.BINARY.parent.parent / f"lib/sluice/plugins/{name}.so"
    check = process.run_cli("plugin", "check", plugin, *(["--config", settings] if settings else []))
    assert check.returncode == 0, check.stderr + check.stdout


def test_unreadable_file_is_named(tmp_path):
    if os.geteuid() == 0:
        (tmp_path / "folder.yaml").mkdir()
        result = process.run_cli("validate", "--config", tmp_path / "folder.yaml/none.yaml")
    else:
        (tmp_path / "closed.yaml").write_text(good())
        (tmp_path / "closed.yaml").chmod(0)
        result = process.run_cli("validate", "--config", tmp_path / "closed.yaml")
    assert result.returncode == 1 and "config.file" in result.stderr
