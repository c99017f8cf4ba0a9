# SPDX-License-Identifier: Apache-2.0
"""Plain OTLP clients: one request, the whole answer. The SDK is in the tests that are about the SDK."""
import dataclasses

import grpc
from google.rpc import error_details_pb2, status_pb2

from . import otlp, sockets


@dataclasses.dataclass
class GrpcAnswer:
    code: int
    message: str
    retry_after: float | None  # RetryInfo, if there was one
    response: object


def send_grpc(port, signal, data, timeout=10.0, method=None, metadata=()):
    """Sends the bytes (or a message) and returns what came back; never raises for a status."""
    if not isinstance(data, bytes):
        data = data.SerializeToString()
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_send_message_length", -1),
                                                            ("grpc.use_local_subchannel_pool", 1)]) as channel:
        call = channel.unary_unary(method or otlp.method(signal), response_deserializer=otlp.RESPONSE[signal].FromString)
        try:
            return GrpcAnswer(0, "", None, call(data, timeout=timeout, metadata=metadata))
        except grpc.RpcError as error:
            retry_after = None
            for key, value in error.trailing_metadata() or ():
                if key == "grpc-status-details-bin":
                    for detail in status_pb2.Status.FromString(value).details:
                        info = error_details_pb2.RetryInfo()
                        if detail.Unpack(info):
                            retry_after = info.retry_delay.seconds + info.retry_delay.nanos / 1e9
            return GrpcAnswer(error.code().value[0], error.details(), retry_after, None)


def send_http(port, signal, data, content_type="application/x-protobuf", headers=(), **named):
    """POSTs the bytes (or a message) to the signal's path: (status, headers, body)."""
    if not isinstance(data, bytes):
        data = data.SerializeToString()
    return sockets.http_exchange(port, named.pop("path", otlp.path(signal)), data, [("Content-Type", content_type), *headers], **named)
