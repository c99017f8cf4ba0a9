# SPDX-License-Identifier: Apache-2.0
"""Tempo as a destination: the real one where SLUICE_TEST_TEMPO names its binary, and the strict stand-in for everywhere."""
import json
import os
import re
import subprocess
import urllib.error
import urllib.request

import pytest

from . import otlp
from .backend import Backend
from .collector import ROOT, free_port, wait_until

CONFIG = ROOT.parent / "shared/backends/tempo.yaml"


class StandIn:
    """The stand-in backend, asked as Tempo is."""

    name = "stand-in for Tempo"

    def __init__(self, _):
        self.backend = Backend()
        self.grpc_port = self.backend.grpc_port
        self.endpoint = f"127.0.0.1:{self.backend.grpc_port}"
        self.http_endpoint = f"http://127.0.0.1:{self.backend.http_port}"

    def spans(self, trace_id):
        """The names of the spans of one trace."""
        return sorted(span.name for request in self.backend.stored("traces") for span in otlp.items("traces", request.message)
                      if span.trace_id == trace_id)

    def close(self):
        self.backend.close()


class RealTempo:
    """The real one, on free ports, with its data in a folder of the test."""

    name = "real Tempo"

    def __init__(self, folder):
        binary = os.environ.get("SLUICE_TEST_TEMPO")
        if not binary:
            pytest.skip("SLUICE_TEST_TEMPO names no Tempo binary; the stand-in took its place")
        if not CONFIG.is_file():
            pytest.skip(f"no {CONFIG}")
        self.grpc_port, http_port, self.api_port = free_port(), free_port(), free_port()
        text = CONFIG.read_text().replace("/tmp/tempo-test", str(folder / "tempo")).replace("19095", str(free_port()))
        text = re.sub(r"\b13200\b", str(self.api_port), text)
        # The file has OTLP/gRPC only; OTLP/HTTP is added beside it for the tests that send by HTTP.
        text = text.replace('grpc: {endpoint: "127.0.0.1:14317"}', f'grpc: {{endpoint: "127.0.0.1:{self.grpc_port}"}}, '
                                                                   f'http: {{endpoint: "127.0.0.1:{http_port}"}}')
        config = folder / "tempo.yaml"
        config.write_text(text)
        self.endpoint, self.http_endpoint = f"127.0.0.1:{self.grpc_port}", f"http://127.0.0.1:{http_port}"
        self.log = open(folder / "tempo.log", "wb")
        self.process = subprocess.Popen([binary, f"-config.file={config}"], stdout=self.log, stderr=self.log)
        try:
            wait_until(lambda: self._get("/ready") is not None or self.process.poll() is not None, 60, "Tempo to be ready")
            assert self.process.poll() is None, f"Tempo ended with {self.process.returncode}: {folder / 'tempo.log'}"
        except AssertionError:
            self.close()
            raise

    def _get(self, path, headers=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.api_port}{path}", headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.read()
        except OSError:
            return None

    def spans(self, trace_id):
        """The names of the spans of one trace; none while Tempo does not know it."""
        trace = json.loads(self._get(f"/api/v2/traces/{trace_id.hex()}", {"Accept": "application/json"}) or "{}").get("trace", {})
        return sorted(span["name"] for resource in trace.get("resourceSpans", ())
                      for scope in resource.get("scopeSpans", ()) for span in scope.get("spans", ()))

    def close(self):
        self.process.kill()  # what it has stored is not needed any more, and its own stop can take minutes
        self.process.wait(30)
        self.log.close()
