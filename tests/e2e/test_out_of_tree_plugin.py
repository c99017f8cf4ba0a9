# SPDX-License-Identifier: Apache-2.0
"""An author's way: install Sluice, copy the template, build it against the installed headers alone, run it."""
import shutil
import subprocess

from harness import clients, collector as process, otlp
from harness.configs import Relay


def sh(*command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}"
    return done.stdout


def test_template_is_built_against_an_installed_sluice_and_runs(tmp_path, monkeypatch):
    prefix, source, build = tmp_path / "prefix", tmp_path / "my_plugin", tmp_path / "build"
    sh("cmake", "--install", process.BINARY.parent.parent, "--prefix", prefix)
    shutil.copytree(process.ROOT / "plugins/template", source)
    sh("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}")
    sh("cmake", "--build", build)
    installed = prefix / "bin/sluice"
    assert "exporter tally: right" in sh(installed, "plugin", "check", build / "exporter_tally.so")

    monkeypatch.setattr(process, "BINARY", installed)
    relay = Relay("tally", {"path": str(tmp_path / "tally.txt")})
    sluice = process.Collector(relay.config, tmp_path / "run", ["--plugin-dir", build]).start()
    try:
        assert clients.send_grpc(relay.grpc_port, "traces", otlp.make("traces", 42)).code == 0
        account = sluice.stop()
    finally:
        sluice.kill()
    assert account["received"] == account["delivered"] == 42
    assert "42" in (tmp_path / "tally.txt").read_text()
