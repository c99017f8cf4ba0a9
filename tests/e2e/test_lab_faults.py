# SPDX-License-Identifier: Apache-2.0
"""The lab while Tempo and Loki are away: they come late, go and come back. What was promised arrives, metrics do not
mind, the ledger is exact."""
import pytest
from harness import sockets
from harness.collector import wait_until
from harness.lab import Lab, destinations

pytestmark = pytest.mark.timeout(300)
QUICK = [f"--set=exporters::{exporter}::retry_on_failure::{key}={value}" for exporter in ("otlp/tempo", "loki")
         for key, value in (("initial_interval", "100ms"), ("max_interval", "300ms"))]


class Behind:
    """A destination that is reached through a gate; everything else of it is as it was."""

    def __init__(self, destination, port):
        self._destination = destination
        self.gate = sockets.Gate(port)
        self.endpoint = destination.endpoint.replace(f":{port}", f":{self.gate.port}")

    def __getattr__(self, name):
        return getattr(self._destination, name)


@pytest.fixture(params=["stand-ins", "real"])
def lab(request, tmp_path, seeds, seed_python, prometheus_binary):
    with destinations(request.param, tmp_path) as (tempo, loki):
        one = Lab(tmp_path, seeds, seed_python, Behind(tempo, tempo.grpc_port), Behind(loki, loki.port), QUICK)
        try:
            yield one.start()
            account = one.sluice.stop()
            print(f"account: {account}")
            assert account["received"] == account["delivered"] > 0 and account["dropped"] == account["queued"] == 0
        finally:
            one.close()


def come_back(lab):
    """Opens the way to both destinations, and waits until every span and record that was promised so far is there, each once."""
    for destination in (lab.tempo, lab.loki):
        destination.gate.open()
    for trace, expected in lab.app.spans().items():
        wait_until(lambda: lab.tempo.spans(trace) == expected, 60, f"{expected} in Tempo, found {lab.tempo.spans(trace)}", every=0.1)
    expected = sorted(at for at, *_ in lab.logs)
    wait_until(lambda: [at for at, *_ in lab.loki.entries('{job="sample-app"}')] == expected, 60,
               f"{len(expected)} records in Loki", every=0.1)


def go_away(lab):
    for destination in (lab.tempo, lab.loki):
        destination.gate.shut()


def check_queues(lab):
    """Both queues hold something, and the books balance all the same."""
    for exporter in ("otlp/tempo", "loki"):
        wait_until(lambda: lab.sluice.total("otelcol_exporter_queue_size", exporter=exporter) > 0,
                   what=f"something in the queue of {exporter}")
    lab.sluice.check_books()


def test_destinations_that_come_late_go_away_and_come_back_get_everything(lab):
    lab.wave(0)  # it ends when Prometheus has seen all of it: metrics do not wait for Tempo or Loki
    check_queues(lab)
    come_back(lab)
    go_away(lab)
    lab.wave(1)
    check_queues(lab)
    come_back(lab)
