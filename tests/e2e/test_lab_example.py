# SPDX-License-Identifier: Apache-2.0
"""examples/lab runs as its README says: it starts what is there, says what is not, asks the backends and draws the picture."""
import os
import re
import signal
import subprocess
import sys

import pytest
from harness import prometheus as prometheuses
from harness.collector import BINARY, ROOT, wait_until

pytestmark = pytest.mark.timeout(300)
LAB = ROOT / "examples/lab"


def start(folder, **programs):
    """Starts the lab on free ports; programs: LAB_...=path, an empty one is not there."""
    env = {**os.environ, "SLUICE_BINARY": str(BINARY), "LAB_PYTHON": sys.executable, "PATH": "/usr/bin:/bin",
           "LAB_TEMPO": "none", "LAB_LOKI": "none", "LAB_PROMETHEUS": "none", **programs}
    return subprocess.Popen([sys.executable, LAB / "run", "--free-ports", "--data", folder], env=env, text=True,
                            stdout=open(folder.with_suffix(".out"), "w", encoding="utf-8"), stderr=subprocess.STDOUT)


def output(folder):
    return folder.with_suffix(".out").read_text(encoding="utf-8")


def finish(lab, folder):
    lab.send_signal(signal.SIGINT)  # Ctrl-C
    code = lab.wait(60)
    account = re.search(r"received (\d+) = delivered (\d+)\n", output(folder))
    assert code == 0 and account and account[1] == account[2] != "0", output(folder)
    return output(folder)


@pytest.fixture
def lab(tmp_path):
    started = []

    def run(**programs):
        started.append(start(tmp_path / "lab", **programs))
        wait_until(lambda: "running until Ctrl-C" in output(tmp_path / "lab") or started[-1].poll() is not None, 60, "the lab to run")
        assert started[-1].poll() is None, output(tmp_path / "lab")
        return started[-1]

    yield run
    for one in started:
        if one.poll() is None:
            one.send_signal(signal.SIGINT)
            one.wait(60)


def test_without_backends_it_runs_and_says_what_is_not_there(lab, tmp_path):
    one = lab()
    folder = tmp_path / "lab"
    for name in ("prometheus", "tempo", "loki"):
        assert re.search(rf"^{name} +not there: .*LAB_{name.upper()}=", output(folder), re.MULTILINE)
    log = folder / "collector.log"
    wait_until(lambda: all(re.search(rf'"{item}": [1-9]', log.read_text()) for item in ("spans", "log records")), 30,
               "traces and logs on the console")
    finish(one, folder)
    assert not (folder / "lab.png").exists()


def test_files_of_others_are_not_emptied(tmp_path):
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    assert start(folder).wait(30) == 2 and "not empty" in output(folder)
    assert (folder / "mine.txt").read_text() == "mine"


def test_with_prometheus_it_answers_its_questions_and_draws_the_picture(lab, tmp_path, prometheus_binary):
    one = lab(LAB_PROMETHEUS=prometheus_binary)
    folder = tmp_path / "lab"
    port = int(re.search(r"^Prometheus +http://localhost:(\d+)", output(folder), re.MULTILINE)[1])
    prometheuses.Api(port).wait_for("sum by (route) (rate(app_http_requests_total[10s])) > 0", lambda answer: len(answer) == 3)
    text = finish(one, folder)
    for route in ("/hello", "/slow", "/error"):
        assert re.search(rf"^    {route} +\d", text, re.MULTILINE), text
    assert re.search(r"imbalance of the collector's books: .*\n +0\n", text), text
    assert (folder / "lab.png").read_bytes().startswith(b"\x89PNG") and (folder / "lab.png").stat().st_size > 20_000
