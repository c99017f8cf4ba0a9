# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that drive the real process. Every collector that a test starts is stopped afterwards, and its books are checked."""
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "e2e"))
from harness import backend as backends  # noqa: E402
from harness import collector as collectors  # noqa: E402
from harness import prometheus as prometheuses  # noqa: E402

SEEDS = collectors.ROOT.parent / "shared/seeds/observability-lab"


def pytest_sessionstart(session):
    if not collectors.BINARY.is_file():
        pytest.exit(f"{collectors.BINARY} is not there: build the release preset, or set SLUICE_BINARY", returncode=3)


def without_peer(reason):
    """Skips a test that lacks something from outside, or fails it where peers are required."""
    if os.environ.get("SLUICE_REQUIRE_PEERS") == "1":
        pytest.fail(f"{reason} (SLUICE_REQUIRE_PEERS=1)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def seeds():
    """The folder of the sample application."""
    if not (SEEDS / "sample-app/app.py").is_file():
        without_peer(f"no sample application in {SEEDS}")
    return SEEDS


@pytest.fixture(scope="session")
def seed_python(seeds):
    """The interpreter that has what the sample application requires."""
    python = collectors.ROOT / "build/venv-seed/bin/python"
    if not python.is_file():
        without_peer("no environment for the sample application: scripts/make_venv")
    return python


@pytest.fixture(scope="session")
def prometheus_binary():
    """The path of a real Prometheus."""
    if not prometheuses.binary() or not prometheuses.tool():
        without_peer("no prometheus and promtool in PATH (Debian's package prometheus), and SLUICE_TEST_PROMETHEUS names none")
    return prometheuses.binary()


@pytest.fixture
def start_prometheus(prometheus_binary, tmp_path):
    """start(config, **options) -> Prometheus. All are stopped when the test ends."""
    started = []

    def start(config, **options):
        started.append(prometheuses.Prometheus(tmp_path / f"prometheus{len(started)}", config, **options))
        return started[-1].start()

    yield start
    for one in started:
        one.close()


@pytest.fixture
def collector(tmp_path):
    """start(config, *arguments, env=...) -> Collector. All are stopped and checked when the test ends."""
    started = []

    def start(config, *arguments, env=None):
        one = collectors.Collector(config, tmp_path / f"sluice{len(started)}", arguments, env).start()
        started.append(one)
        return one

    yield start
    try:
        for one in started:
            one.stop()
    finally:
        for one in started:
            one.kill()


@pytest.fixture
def backend():
    one = backends.Backend()
    yield one
    one.close()


@pytest.fixture
def make_backend():
    """make(**options) -> Backend with other limits, TLS or a judge of its own."""
    made = []

    def make(**options):
        made.append(backends.Backend(**options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def certificate(tmp_path):
    """make(name, *alternative names) -> (certificate file, key file), self-signed."""
    def make(name, *alternatives):
        files = tmp_path / f"{name}.crt", tmp_path / f"{name}.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", f"/CN={name}", "-addext", "subjectAltName=" + ",".join(alternatives or ["DNS:" + name]),
                        "-keyout", files[1], "-out", files[0]], check=True, stderr=subprocess.DEVNULL)
        return files
    return make


def pytest_addoption(parser):
    parser.addoption("--update", action="store_true", help="write the expected files of tests/golden anew")
