# SPDX-License-Identifier: Apache-2.0
"""What the network may send: each kind of bad request gets the status of the protocol, the process is unharmed, nothing is lost."""
import gzip
import json
import socket
import time

import pytest
import zstandard
from google.rpc import status_pb2
from harness import clients, collector as process, otlp, sockets
from harness.configs import relay_to

INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED = 3, 8, 12
PROTOBUF, JSON = "application/x-protobuf", "application/json"
MALFORMED = {
    "not protobuf": b"\xff" * 64,
    "length beyond the end": b"\x0a\x7f\x01",
    "length of 2^63": b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    "a span cut off": otlp.make("traces", 3).SerializeToString()[:-5],
    "wire type 7": b"\x0f\x00",
    "field number 0": b"\x02\x00",
    "nested too deeply": None,  # made below: it is long
}


def deep_message():
    """A log record whose body is 5,000 lists in one another."""
    data = b"\x0a\x01x"
    for _ in range(5000):
        data = b"\x0a" + varint(len(data)) + data      # ArrayValue.values
        data = b"\x2a" + varint(len(data)) + data      # AnyValue.array_value
    for field in (5, 2, 2, 1):                         # LogRecord.body, ScopeLogs.log_records, scope_logs, resource_logs
        data = bytes([field << 3 | 2]) + varint(len(data)) + data
    return data


def varint(number):
    data = b""
    while number > 127:
        data += bytes([number & 127 | 128])
        number >>= 7
    return data + bytes([number])


MALFORMED["nested too deeply"] = deep_message()


@pytest.fixture
def relay(collector, backend):
    """A running relay, and afterwards the proof that it still works and that its books are exact."""
    one = relay_to(backend, receiver={"http": {"max_request_body_size": 1 << 20}})
    one.sluice = collector(one.config)
    yield one
    assert clients.send_grpc(one.grpc_port, "traces", otlp.make("traces", 11, "afterwards")).code == 0
    assert clients.send_http(one.http_port, "logs", otlp.make("logs", 7, "afterwards"))[0] == 200
    process.wait_until(lambda: backend.count("traces") == 11 and backend.count("logs") == 7)
    account = one.sluice.stop()
    assert account["received"] == account["delivered"] == 18, account


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_protobuf_is_refused_for_good(relay, kind):
    signal = "logs" if kind == "nested too deeply" else "traces"
    answer = clients.send_grpc(relay.grpc_port, signal, MALFORMED[kind])
    assert (answer.code, answer.retry_after) == (INVALID_ARGUMENT, None), answer
    status, headers, body = clients.send_http(relay.http_port, signal, MALFORMED[kind])
    assert (status, headers["content-type"]) == (400, PROTOBUF)
    told = status_pb2.Status.FromString(body)
    assert told.code == INVALID_ARGUMENT and told.message


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"resourceSpans": 5}', b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}',
                                  b"\xff\xfe{}", b'{"resourceSpans": [' + b"[" * 100_000])
def test_malformed_json_is_refused_with_a_json_status(relay, body):
    status, headers, answer = clients.send_http(relay.http_port, "traces", body, JSON)
    assert (status, headers["content-type"]) == (400, JSON)
    told = json.loads(answer)
    assert told["code"] == INVALID_ARGUMENT and told["message"]


@pytest.mark.parametrize("encoding,body", [
    ("gzip", gzip.compress(otlp.make("traces", 50).SerializeToString())[:-20]),
    ("gzip", b"this is no gzip"),
    ("zstd", zstandard.compress(otlp.make("traces", 50).SerializeToString())[:-3]),
    ("snappy", b"\xff\xff\xff\xff\xff\xff"),
    ("deflate", b"\x00\x01\x02"),
])
def test_damaged_compression_is_refused(relay, encoding, body):
    assert clients.send_http(relay.http_port, "traces", body, headers=[("Content-Encoding", encoding)])[0] == 400


def test_unknown_compression_is_refused(relay):
    assert clients.send_http(relay.http_port, "traces", b"x", headers=[("Content-Encoding", "br")])[0] in (400, 415)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_bombs_are_refused_within_the_memory_limit(relay, encoding):
    zeros = bytes(256 << 20)
    bomb = gzip.compress(zeros, 9) if encoding == "gzip" else zstandard.compress(zeros)
    assert len(bomb) < 1 << 20
    before = relay.sluice.rss_bytes()
    for _ in range(8):
        assert clients.send_http(relay.http_port, "traces", bomb, headers=[("Content-Encoding", encoding)])[0] == 413
    assert relay.sluice.rss_bytes() - before < 32 << 20


def test_bodies_over_the_limit_are_refused(relay):
    # 20 MiB announced, none sent: the answer must not wait for the body.
    with sockets.connect(relay.http_port) as connection:
        connection.sendall(sockets.http_request("/v1/traces", headers=[("Content-Type", PROTOBUF), ("Content-Length", str(20 << 20))]))
        assert sockets.read_response(connection)[0] == 413
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    with sockets.connect(relay.http_port) as connection:
        connection.sendall(sockets.http_request("/v1/traces", headers=[("Content-Type", PROTOBUF), ("Transfer-Encoding", "chunked")]))
        try:
            for _ in range(64):
                connection.sendall(chunk)
        except OSError:
            pass  # the server may close before everything is sent
        assert sockets.read_response(connection)[0] == 413


def test_messages_over_the_limit_are_refused_without_retry(relay):
    answer = clients.send_grpc(relay.grpc_port, "logs", otlp.make("logs", 10, padding=600_000))
    assert (answer.code, answer.retry_after) == (RESOURCE_EXHAUSTED, None)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_wrong_methods_answer_405(relay, method):
    assert sockets.http_exchange(relay.http_port, "/v1/traces", method=method)[0] == 405


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", ""])
def test_wrong_content_types_answer_415(relay, content_type):
    assert clients.send_http(relay.http_port, "traces", otlp.make("traces", 1), content_type)[0] == 415


def test_unknown_paths_and_methods_are_unknown(relay):
    for path in ("/", "/v1/trace", "/v1/traces/", "/v1/traces/../metrics", "/v1/profiles"):
        assert clients.send_http(relay.http_port, "traces", b"", path=path)[0] == 404, path
    answer = clients.send_grpc(relay.grpc_port, "traces", b"", method="/opentelemetry.proto.collector.trace.v1.TraceService/Import")
    assert answer.code == UNIMPLEMENTED


@pytest.mark.parametrize("garbage", [b"\x00" * 200, b"GET\r\n\r\n", b"POST /v1/traces HTTP/9.9\r\n\r\n",
                                     b"POST /v1/traces HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                                     b"POST /v1/traces HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                                     b"POST /v1/traces HTTP/1.1\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n"],
                         ids=["zeros", "no version", "version 9.9", "negative length", "two lengths", "huge header"])
def test_garbage_instead_of_http_is_answered_or_closed(relay, garbage):
    with sockets.connect(relay.http_port) as connection:
        try:
            connection.sendall(garbage)
            status = sockets.read_response(connection)[0]
        except ConnectionError:
            return  # closed without an answer: fine
        assert 400 <= status < 600


def test_garbage_instead_of_http2_closes_the_connection(relay):
    with sockets.connect(relay.grpc_port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n" + b"\x00" * 1000)
        connection.settimeout(10)
        try:
            while connection.recv(4096):
                pass
        except ConnectionError:
            pass  # a reset closes it too


def test_clients_that_stop_half_way_leave_nothing_behind(relay):
    body = otlp.make("traces", 100).SerializeToString()
    for sent in (0, 1, len(body) // 2, len(body) - 1):
        with sockets.connect(relay.http_port) as connection:
            connection.sendall(sockets.http_request("/v1/traces", body[:sent], [("Content-Type", PROTOBUF),
                                                                               ("Content-Length", str(len(body)))]))
            connection.shutdown(socket.SHUT_WR)
            try:
                assert sockets.read_response(connection)[0] >= 400
            except ConnectionError:
                pass


def test_clients_that_never_read_do_not_hold_others_up(relay):
    silent = []
    request = sockets.http_request("/v1/traces", b"{", [("Content-Type", JSON)])
    for _ in range(20):
        connection = sockets.connect(relay.http_port)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        try:
            while connection.send(request * 100):
                pass
        except BlockingIOError:
            pass
        silent.append(connection)
    begin = time.monotonic()
    assert clients.send_http(relay.http_port, "traces", b"")[0] == 200
    assert time.monotonic() - begin < 5
    for connection in silent:
        connection.close()


def test_a_thousand_idle_connections_cost_little(relay):
    before = relay.sluice.rss_bytes()
    idle = [sockets.connect(port) for port in (relay.http_port, relay.grpc_port) for _ in range(500)]
    assert clients.send_http(relay.http_port, "traces", b"")[0] == 200
    assert clients.send_grpc(relay.grpc_port, "traces", b"").code == 0
    grown = relay.sluice.rss_bytes() - before
    for connection in idle:
        connection.close()
    assert grown < 1000 * 64 * 1024, f"{grown >> 10} KiB for 1,000 connections"
