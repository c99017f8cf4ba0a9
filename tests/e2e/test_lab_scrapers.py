# SPDX-License-Identifier: Apache-2.0
"""What scrapers do wrong: no scraper holds up the pipeline or another scraper, and each that asks properly gets the whole page."""
import concurrent.futures
import contextlib
import re
import socket
import struct
import urllib.request

import pytest
from harness import clients, collector as process, otlp, prometheus as prometheuses, sockets
from harness.collector import free_port, run_cli

SERIES = 2000
PADDING = 4000  # bytes in a label of each series: a page of 8 MB, more than the kernel takes off the collector's hands


class Scraped:
    """otlp receiver -> prometheus exporter."""

    def __init__(self, **settings):
        self.grpc_port, self.port = free_port(), free_port()
        self.config = {
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{self.grpc_port}", "max_recv_msg_size_mib": 16}}}},
            "exporters": {"prometheus": {"endpoint": f"127.0.0.1:{self.port}", **settings}},
            "service": {"pipelines": {"metrics": {"receivers": ["otlp"], "exporters": ["prometheus"]}}},
        }

    def send(self, padding=0):
        """One data point for each series; the value is the series' number."""
        answer = clients.send_grpc(self.grpc_port, "metrics", otlp.make("metrics", SERIES, padding=padding))
        assert answer.code == 0, answer
        return SERIES

    def scrape(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
            page = answer.read().decode()
        found = re.findall(r'^requests\{.*\bname="item (\d+)".*\} (\S+)$', page, re.MULTILINE)
        return {int(number): float(value) for number, value in found}


WHOLE = {index: float(index) for index in range(SERIES)}


@pytest.fixture
def scraped(collector):
    one = Scraped()
    one.sluice = collector(one.config)
    one.send()
    process.wait_until(lambda: one.scrape() == WHOLE, what="all series on the page")
    return one


def ask_and_never_read(port):
    """A scraper with a small window, so that most of the page stays with the collector."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(sockets.http_request("/metrics", method="GET"))
    return connection


def still_serves(scraped):
    """The pipeline takes more, and another scraper sees all of it."""
    before = scraped.sluice.total("otelcol_receiver_accepted_metric_points")
    scraped.send()
    assert scraped.scrape() == WHOLE
    process.wait_until(lambda: scraped.sluice.total("otelcol_exporter_sent_metric_points") == before + SERIES)
    scraped.sluice.check_books()


def test_port_in_use_is_an_error_with_its_place(tmp_path):
    relay = Scraped()
    with socket.create_server(("127.0.0.1", relay.port)):
        config = tmp_path / "config.yaml"
        config.write_text(f"""\
receivers:
  otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{relay.grpc_port}"}}}}}}
exporters:
  prometheus:
    endpoint: 127.0.0.1:{relay.port}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{metrics: {{receivers: [otlp], exporters: [prometheus]}}}}
""")
        answer = run_cli("run", "--config", config)
    assert answer.returncode == 1
    assert f'failed to start exporter "prometheus": listen on 127.0.0.1:{relay.port}: address already in use' in answer.stderr


def test_scraper_that_never_reads_holds_up_nobody(scraped):
    scraped.send(PADDING)
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(ask_and_never_read(scraped.port))
        still_serves(scraped)


def test_half_requests_hold_up_nobody(scraped):
    with contextlib.ExitStack() as stack:
        for part in (b"", b"GET /metr", b"GET /metrics HTTP/1.1\r\nHost: x\r\n", b"\x16\x03\x01\x02\x00"):
            stack.enter_context(sockets.connect(scraped.port)).sendall(part)
        still_serves(scraped)


def test_scrapers_that_vanish_in_the_middle_of_the_page_hold_up_nobody(scraped):
    for _ in range(20):
        connection = sockets.connect(scraped.port)
        connection.sendall(sockets.http_request("/metrics", method="GET"))
        connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    still_serves(scraped)


def test_many_scrapes_at_once_each_get_a_whole_page_while_data_arrives(scraped):
    with concurrent.futures.ThreadPoolExecutor(17) as pool:
        scrapes = [pool.submit(scraped.scrape) for _ in range(32)]
        sent = sum(pool.submit(scraped.send).result() for _ in range(5))
        assert all(scrape.result() == WHOLE for scrape in scrapes)
    process.wait_until(lambda: scraped.sluice.total("otelcol_exporter_sent_metric_points") == SERIES + sent)
    assert scraped.sluice.stop()["delivered"] == SERIES + sent


def test_stop_does_not_wait_for_a_scraper_that_hangs(scraped):
    scraped.send(PADDING)
    with ask_and_never_read(scraped.port):
        assert scraped.sluice.stop(seconds=5)["dropped"] == 0  # half of the time that a stop has


def test_other_paths_are_not_there(scraped):
    assert sockets.http_exchange(scraped.port, "/", method="GET", headers=[("Connection", "close")])[0] == 404
    still_serves(scraped)


@pytest.mark.parametrize("features", [(), ("native-histograms",)], ids=["text", "protobuf"])
def test_prometheus_itself_scrapes_it_in_each_format(scraped, start_prometheus, features):
    one = start_prometheus(prometheuses.configuration({"sluice": scraped.port}), features=features)
    one.wait_for("count(requests)", lambda answer: list(answer.values()) == [SERIES])
    assert one.query("sum(requests)") == {frozenset(): float(sum(range(SERIES)))}
    assert one.targets()["sluice"]["lastError"] == ""
