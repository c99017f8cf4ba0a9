# SPDX-License-Identifier: Apache-2.0
"""Loki as a destination: the real one where SLUICE_TEST_LOKI names its binary, and the strict stand-in for everywhere.

Both have: `port`; `endpoint`, the address of the push API; `otlp_endpoint`; entries(selector) and discarded(), which are Loki's
own query and counters. Below them: how the tests send logs, and wait for them.
"""
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from . import clients, otlp
from .collector import ROOT, free_port, wait_until
from .configs import QUICK_RETRY, Relay
from .loki_stand_in import StandIn  # noqa: F401 - the other half of this module

CONFIG = ROOT.parent / "shared/backends/loki.yaml"
HOUR = 3600 * 10**9


class RealLoki:
    """The real one, on free ports, with its data in a folder of the test."""

    name = "real Loki"

    def __init__(self, folder, limits=None, tenants=False):
        """limits: more of limits_config. tenants: whether each request must name one."""
        binary = os.environ.get("SLUICE_TEST_LOKI")
        if not binary:
            pytest.skip("SLUICE_TEST_LOKI names no Loki binary; the stand-in took its place")
        if not CONFIG.is_file():
            pytest.skip(f"no {CONFIG}")
        self.port = free_port()
        text = CONFIG.read_text().replace("/tmp/loki-test", str(folder / "loki"))
        text = re.sub(r"\b13100\b", str(self.port), re.sub(r"\b19096\b", str(free_port()), text))
        text = text.replace("auth_enabled: false", f"auth_enabled: {str(tenants).lower()}")
        for key, value in (limits or {}).items():  # limits_config is the last section of the file
            text = re.sub(rf"^  {key}:.*$\n?", "", text, flags=re.MULTILINE).rstrip("\n") + f"\n  {key}: {value}\n"
        config = folder / "loki.yaml"
        config.write_text(text)
        self.endpoint = f"http://127.0.0.1:{self.port}/loki/api/v1/push"
        self.otlp_endpoint = f"http://127.0.0.1:{self.port}/otlp"
        self.log = open(folder / "loki.log", "wb")
        # It would be unready for 15 s more, for the sake of others that it has not.
        command = [binary, f"-config.file={config}", "-ingester.min-ready-duration=0s"]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        try:
            wait_until(lambda: self._is_ready() or self.process.poll() is not None, 90, "Loki to be ready")
            assert self.process.poll() is None, f"Loki ended with {self.process.returncode}: {folder / 'loki.log'}"
        except AssertionError:
            self.close()
            raise

    def _get(self, path, headers=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from None

    def _is_ready(self):
        try:
            return self._get("/ready") is not None
        except (AssertionError, OSError):
            return False

    def entries(self, selector, tenant=None):
        """What a LogQL query finds in the last hour: [(time in ns, {labels of the stream}, line), ...] by time."""
        now = time.time_ns()  # Loki cuts a query into hours and asks for each
        query = urllib.parse.urlencode({"query": selector, "start": now - HOUR, "end": now + HOUR // 6, "limit": 5000, "direction": "forward"})
        headers = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}  # metadata that Loki adds is kept out of the labels
        if tenant:
            headers["X-Scope-OrgID"] = tenant
        answer = json.loads(self._get(f"/loki/api/v1/query_range?{query}", headers))
        return sorted(((int(value[0]), stream["stream"], value[1]) for stream in answer["data"]["result"] for value in stream["values"]),
                      key=lambda entry: (entry[0], entry[2]))

    def discarded(self):
        """{reason: entries}, of loki_discarded_samples_total."""
        found = {}
        for line in self._get("/metrics").decode().splitlines():
            if match := re.match(r'loki_discarded_samples_total\{.*reason="(\w+)".*\} (\S+)', line):
                found[match[1]] = found.get(match[1], 0) + int(float(match[2]))
        return found

    def close(self):
        self.process.kill()  # nobody needs what it has stored any more
        self.process.wait(30)
        self.log.close()


# ---- what the tests do with either of them ----

def relay(loki, exporter="loki", **settings):
    """otlp receiver -> the exporter, logs only."""
    endpoint = loki.otlp_endpoint if exporter == "otlp_http" else loki.endpoint
    one = Relay(exporter, {"endpoint": endpoint, "retry_on_failure": QUICK_RETRY, **settings})
    one.config["service"]["pipelines"] = {"logs": one.config["service"]["pipelines"]["logs"]}
    return one


def records(lines, at=None, resource=None, attributes=None, severity=0):
    """One request of log records: at, or one nanosecond after the other from now on."""
    message = otlp.REQUEST["logs"]()
    to = message.resource_logs.add()
    for key, value in (resource or {"service.name": "shop", "loki.format": "raw"}).items():
        to.resource.attributes.add(key=key).value.string_value = value
    scope, now = to.scope_logs.add(), time.time_ns()
    for index, line in enumerate(lines):
        record = scope.log_records.add(time_unix_nano=now + index if at is None else at[index], severity_number=severity)
        record.body.string_value = line
        for key, value in (attributes or {}).items():
            record.attributes.add(key=key).value.string_value = value
    return message


def send(one, message):
    answer = clients.send_grpc(one.grpc_port, "logs", message)
    assert answer.code == 0, answer
    return otlp.count("logs", message)


def found(loki, selector, number, **how):
    """What the selector finds, once it is as many as that."""
    wait_until(lambda: len(loki.entries(selector, **how)) >= number, 30, f"{number} entries of {selector}", every=0.1)
    entries = loki.entries(selector, **how)
    assert len(entries) == number
    return entries


def settled(sluice, number):
    """Waits until the fate of so many records is known."""
    wait_until(lambda: sluice.total("otelcol_exporter_sent_log_records") + sluice.total("otelcol_exporter_send_failed_log_records")
                       >= number, 60, f"the fate of {number} records", every=0.05)
