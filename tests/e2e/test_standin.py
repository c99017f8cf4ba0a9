# SPDX-License-Identifier: Apache-2.0
"""The stand-in backend itself: strict where the real ones are, and it counts what it stored, nothing else."""
import gzip

import pytest
from google.rpc import status_pb2
from harness import clients, otlp
from harness.backend import Answer


@pytest.mark.parametrize("signal", otlp.SIGNALS)
def test_counts_what_it_accepted(backend, signal):
    assert clients.send_grpc(backend.grpc_port, signal, otlp.make(signal, 5)).code == 0
    assert clients.send_http(backend.http_port, signal, otlp.make(signal, 4))[0] == 200
    squeezed = gzip.compress(otlp.make(signal, 3).SerializeToString())
    assert clients.send_http(backend.http_port, signal, squeezed, headers=[("Content-Encoding", "gzip")])[0] == 200
    assert backend.count(signal) == 12


def test_refuses_spans_with_bad_ids_as_a_whole(backend):
    message = otlp.make("traces", 3)
    message.resource_spans[0].scope_spans[0].spans[1].span_id = bytes(8)
    assert clients.send_grpc(backend.grpc_port, "traces", message).code == 3
    assert clients.send_http(backend.http_port, "traces", message)[0] == 400
    assert backend.count("traces") == 0


def test_refuses_what_is_too_large(make_backend):
    backend = make_backend(http_limit=1000, grpc_limit=1000)
    message = otlp.make("logs", 100)
    assert clients.send_grpc(backend.grpc_port, "logs", message).code == 8
    assert clients.send_http(backend.http_port, "logs", message)[::2] == (400, b"http: request body too large")


def test_gives_the_answers_that_were_queued_and_then_its_own(backend):
    backend.answer_next(Answer.throttled(7), Answer.partial(2))
    first = clients.send_grpc(backend.grpc_port, "traces", otlp.make("traces", 5))
    assert (first.code, first.retry_after) == (8, 7)
    second = clients.send_grpc(backend.grpc_port, "traces", otlp.make("traces", 5))
    assert second.response.partial_success.rejected_spans == 2
    backend.answer_next(Answer.unavailable(3))
    status, headers, body = clients.send_http(backend.http_port, "traces", otlp.make("traces", 5))
    assert (status, headers["retry-after"], status_pb2.Status.FromString(body).code) == (503, "3", 14)
    assert clients.send_http(backend.http_port, "traces", otlp.make("traces", 1))[0] == 200
    assert backend.count("traces") == 6
