# SPDX-License-Identifier: Apache-2.0
"""The health_check extension tells of the real process: from ready until gone, also over TLS, and not at all on a taken port."""
import datetime
import json
import signal
import socket
import ssl
import urllib.error
import urllib.request

from harness import clients, otlp
from harness.backend import Answer
from harness.collector import free_port, run_cli, wait_until
from harness.configs import relay_to

UNAVAILABLE = {"status": "Server not available", "upSince": "0001-01-01T00:00:00Z", "uptime": ""}


def with_health(relay, **settings):
    port = free_port()
    relay.config["extensions"] = {"health_check": {"endpoint": f"127.0.0.1:{port}", **settings}}
    relay.config["service"]["extensions"] = ["health_check"]
    return port


def ask(port, path="/", method="GET", scheme="http", context=None):
    request = urllib.request.Request(f"{scheme}://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def test_ready_as_long_as_it_runs(collector, backend):
    relay = relay_to(backend)
    port = with_health(relay)
    before = datetime.datetime.now(datetime.timezone.utc)
    process = collector(relay.config)
    status, headers, body = ask(port)
    assert status == 200 and headers["Content-Type"] == "application/json" and headers["Connection"] == "close"
    told = json.loads(body)
    assert list(told) == ["status", "upSince", "uptime"] and told["status"] == "Server available"
    since = datetime.datetime.fromisoformat(told["upSince"][:26].rstrip("Z") + "+00:00")
    assert before <= since <= datetime.datetime.now(datetime.timezone.utc)
    assert told["uptime"].endswith("s") and told["uptime"] != "0s"
    assert ask(port, method="POST")[0] == 200
    process.stop()
    wait_until(lambda: "Health Check state change" in process.log(), what="the change of state in the log")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_draining_is_not_available(collector, backend):
    relay = relay_to(backend, timeout="20s")
    port = with_health(relay)
    process = collector(relay.config)
    backend.answer_next(Answer(delay=3.0))
    clients.send_http(relay.http_port, "traces", otlp.make("traces", 1))
    wait_until(lambda: backend.attempts == 1, what="the request at the backend")
    assert ask(port)[0] == 200
    process.process.send_signal(signal.SIGTERM)
    wait_until(lambda: ask(port)[0] == 503, what="503 while the last request is on its way")
    assert json.loads(ask(port)[2]) == UNAVAILABLE
    assert process.process.wait(20) == 0
    assert backend.count("traces") == 1
    process.account = object()  # has ended already: nothing for the fixture to stop


def test_own_path_and_texts(collector, backend):
    relay = relay_to(backend)
    port = with_health(relay, path="/live", response_body={"healthy": "yes", "unhealthy": "no"}, response_headers={"X-Who": "me"})
    collector(relay.config)
    status, headers, body = ask(port, "/live")
    assert (status, headers["X-Who"], body) == (200, "me", "yes")
    assert ask(port)[0] == 404


def test_tls(collector, backend, certificate):
    relay = relay_to(backend)
    cert, key = certificate("localhost", "IP:127.0.0.1")
    port = with_health(relay, tls={"cert_file": str(cert), "key_file": str(key)})
    collector(relay.config)
    assert ask(port, scheme="https", context=ssl.create_default_context(cafile=cert))[0] == 200


def test_port_in_use_is_said(backend, tmp_path):
    relay = relay_to(backend)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        relay.config["extensions"] = {"health_check": {"endpoint": f"127.0.0.1:{port}"}}
        relay.config["service"].update(extensions=["health_check"], telemetry={"metrics": {"level": "none"}})
        (tmp_path / "config.yaml").write_text(json.dumps(relay.config))
        ended = run_cli("run", "--config", tmp_path / "config.yaml")
    assert ended.returncode == 1
    assert f'failed to start extension "health_check": listen on 127.0.0.1:{port}: address already in use' in ended.stderr
