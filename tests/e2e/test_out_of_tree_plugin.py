# SPDX-License-Identifier: Apache-2.0
"""An author's way: install Sluice, build a plugin outside of its tree against what is installed, check it, run it."""
import shutil
import subprocess

import pytest
from harness import clients, collector as process, otlp
from harness.configs import Relay, relay_to

SIGNALS = ("traces", "metrics", "logs")
EXAMPLE = process.ROOT / "examples/plugins/attribute_limit"
COMPILERS = {"g++": "", "clang++": "-stdlib=libc++"}


def run(*command):
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def sh(*command):
    done = run(*command)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """Sluice, installed, and then moved: nothing in it may know where it was."""
    first = tmp_path_factory.mktemp("installed") / "first"
    sh("cmake", "--install", process.BINARY.parent.parent, "--prefix", first)
    return first.rename(first.with_name("moved"))


@pytest.fixture
def installed(prefix, monkeypatch):
    """The installed program, which the harness then starts."""
    monkeypatch.setattr(process, "BINARY", prefix / "bin/sluice")
    return prefix / "bin/sluice"


def configure(prefix, source, build, *more):
    sh("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", *more)


def exports(plugin):
    return [line.split()[-1] for line in sh("nm", "--dynamic", "--defined-only", plugin).splitlines()]


def test_template_is_built_against_an_installed_sluice_and_runs(prefix, installed, tmp_path):
    source, build = tmp_path / "my_plugin", tmp_path / "build"
    shutil.copytree(prefix / "share/sluice/template", source)
    configure(prefix, source, build)
    sh("cmake", "--build", build, "--target", "exporter_tally")
    plugin = build / "exporter_tally.so"
    checked = sh(installed, "plugin", "check", plugin, "--config", f"tally={{path: {tmp_path / 'lines.txt'}}}")
    assert "exporter tally: 20 of 20 conformance cases passed" in checked and f"{plugin}: right" in checked

    relay = Relay("tally", {"path": str(tmp_path / "tally.txt")})
    sluice = process.Collector(relay.config, tmp_path / "run", ["--plugin-dir", build]).start()
    try:
        assert clients.send_grpc(relay.grpc_port, "traces", otlp.make("traces", 42)).code == 0
        account = sluice.stop()
    finally:
        sluice.kill()
    assert account["received"] == account["delivered"] == 42
    assert "42" in (tmp_path / "tally.txt").read_text()


@pytest.mark.parametrize("compiler", COMPILERS)
def test_installed_headers_are_complete_and_plain_for_any_compiler(prefix, tmp_path, compiler):
    include = prefix / "include/sluice"
    headers = sorted(str(header.relative_to(include)) for header in include.rglob("*.h"))
    assert "plugins/sdk/component.h" in headers and "plugins/wire/views.h" in headers
    (tmp_path / "all.cc").write_text("".join(f'#include "{header}"\n' for header in headers))
    sh(compiler, *COMPILERS[compiler].split(), "-std=gnu++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", include,
       tmp_path / "all.cc")


def padding_of(item):
    return next(attribute.value.string_value for attribute in item.attributes if attribute.key == "padding")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_example_plugin_of_any_compiler_changes_data_and_loses_none(prefix, installed, backend, tmp_path, compiler):
    build = tmp_path / "build"
    configure(prefix, EXAMPLE, build, f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_CXX_FLAGS={COMPILERS[compiler]}")
    sh("cmake", "--build", build)
    assert "100% tests passed" in sh("ctest", "--test-dir", build, "--output-on-failure")
    assert exports(build / "processor_attribute_limit.so") == ["sluice_plugin_entry_v0"]
    sh(installed, "validate", "--strict", "--plugin-dir", build, "--config", EXAMPLE / "config.yaml")

    relay = relay_to(backend, processors={"attribute_limit": {"max_bytes": 64}})
    sluice = process.Collector(relay.config, tmp_path / "run", ["--plugin-dir", build]).start()
    try:
        for signal in SIGNALS:
            assert clients.send_grpc(relay.grpc_port, signal, otlp.make(signal, 50, padding=300)).code == 0
        cut = sluice.total("otelcol_attribute_limit_cut_values")
        account = sluice.stop()
    finally:
        sluice.kill()
    assert account["received"] == account["delivered"] == 50 * len(SIGNALS)
    assert cut == 50 * len(SIGNALS)
    for signal in SIGNALS:
        assert backend.names(signal) == sorted(otlp.names(signal, otlp.make(signal, 50)))
        for request in backend.stored(signal):
            assert {padding_of(item) for item in otlp.items(signal, request.message)} == {"x" * 64}


@pytest.mark.parametrize("plugin, environment, finding", [
    ("no_symbol", {}, "load: is no Sluice plugin"),
    ("newer_major", {}, "load: built for plugin ABI"),
    ("crashes_on_load", {"SLUICE_TEST_CRASH_ON_LOAD": "1"}, "load: the process ends by SIGABRT"),
    ("bad_schema", {}, "exporter bad_schema: schema: size: there is no description"),
    ("create_fails", {}, "exporter create_fails: created and destroyed: create() fails with the given settings"),
    ("crashes", {}, "exporter crashes: all is taken behind: ended by SIGABRT"),
    ("completes_twice", {}, "exporter completes_twice: all is taken behind: completed call 1 twice"),
    ("leaks_batch", {}, "exporter leaks_batch: all is taken behind: 63 batches are left after destroy()"),
])
def test_plugin_check_tells_what_is_wrong(plugin, environment, finding):
    file = process.BINARY.parent.parent / f"tests/abi/{plugin}.so"
    result = process.run_cli("plugin", "check", file, env=environment, timeout=110)
    assert result.returncode == 1
    assert f"{file}: {finding}" in result.stderr, result.stderr
    assert ": right" not in result.stdout


def test_plugin_check_only_warns_of_a_second_symbol():
    file = process.BINARY.parent.parent / "tests/abi/exports_more.so"
    result = process.run_cli("plugin", "check", file)
    assert result.returncode == 0
    assert f"{file}: exports: warning: sluice_test_second_symbol" in result.stderr
    assert f"{file}: right" in result.stdout


@pytest.mark.parametrize("settings, said", [
    ((), "created and destroyed: create() fails with the given settings: at least one endpoint must be specified"),
    ((), "exporter otlp_http: settings: give some with which it starts on this machine: otlp_http='{key: value}'"),
    (("--config", "otlp_http={endpoit: http://127.0.0.1:1}"), "endpoit"),
    (("--config", "otlp_grpc={endpoint: x}"), "settings: it has no component otlp_grpc"),
    (("--config", "otlp_http"), "expected TYPE={SETTINGS}"),
])
def test_plugin_check_says_which_settings_it_needs(settings, said):
    file = process.BINARY.parent.parent / "lib/sluice/plugins/exporter_otlp_http.so"
    result = process.run_cli("plugin", "check", file, *settings)
    assert result.returncode == 1
    assert said in result.stderr, result.stderr


def test_plugin_check_without_the_sdk_says_how_to_get_it(tmp_path):
    alone = tmp_path / "sluice"
    shutil.copy(process.BINARY, alone)
    file = process.BINARY.parent.parent / "tests/abi/exports_more.so"
    result = run(alone, "plugin", "check", file)
    assert result.returncode == 1
    assert "sluice-conformance is not there" in result.stdout and "component sdk" in result.stdout
