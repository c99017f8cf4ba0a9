# SPDX-License-Identifier: Apache-2.0
"""A stand-in OTLP backend over gRPC and HTTP that is as strict as the real ones and counts every item.

By default it answers as Tempo does: a trace id that has not 16 bytes, or a span id that is not 8 bytes and non-zero, costs the whole
request (INVALID_ARGUMENT, 400); messages over the limit are refused (RESOURCE_EXHAUSTED without RetryInfo; 400 with a text).
A test changes its manners by queueing answers: each request takes the next one, then the default is back.
"""
import dataclasses
import gzip
import http.server
import threading
import time
import zlib
from concurrent import futures

import grpc
import zstandard
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from . import otlp

CODES = {code.value[0]: code for code in grpc.StatusCode}
HTTP_LIMIT = 20 << 20
GRPC_LIMIT = 4 << 20


@dataclasses.dataclass
class Answer:
    """What the backend does with one request. `store`: whether its items count as arrived."""

    grpc: int = 0                       # gRPC status code
    http: int = 200                     # HTTP status
    message: str = ""
    retry_after: float | None = None    # RetryInfo; Retry-After in seconds
    rejected: int = 0                   # partial_success
    delay: float = 0.0                  # seconds before it answers
    store: bool = True

    @staticmethod
    def unavailable(retry_after=None):
        return Answer(14, 503, "try again", retry_after, store=False)

    @staticmethod
    def throttled(retry_after=None):
        return Answer(8, 429, "RATE_LIMITED: ingestion rate limit exceeded", retry_after, store=False)

    @staticmethod
    def invalid(message="invalid"):
        return Answer(3, 400, message, store=False)

    @staticmethod
    def partial(rejected, message="some were refused"):
        return Answer(rejected=rejected, message=message)


@dataclasses.dataclass
class Request:
    signal: str
    transport: str
    headers: dict
    message: object
    size: int
    at: float
    stored: bool


class Backend:
    """Runs both servers on free ports. Thread-safe; read `requests`, `count()` and `names()` at any time."""

    def __init__(self, tls=None, http_limit=HTTP_LIMIT, grpc_limit=GRPC_LIMIT, judge=None, grpc_port=0, http_port=0):
        """tls: (certificate file, key file). judge: called with (signal, message), returns an Answer or None. Port 0: any."""
        self._lock = threading.Lock()
        self._answers = []
        self._judge = judge
        self.requests = []
        self.attempts = 0
        self._http_limit = http_limit
        self._start_grpc(tls, grpc_limit, grpc_port)
        self._start_http(tls, http_port)

    def close(self):
        self._grpc.stop(grace=0)
        self._http.shutdown()
        self._http.server_close()

    def answer_next(self, *answers):
        """The next requests get these answers, in this order."""
        with self._lock:
            self._answers.extend(answers)

    def stored(self, signal=None):
        with self._lock:
            return [request for request in self.requests if request.stored and signal in (None, request.signal)]

    def count(self, signal):
        """Items of all stored requests of one signal, duplicates included."""
        return sum(otlp.count(signal, request.message) for request in self.stored(signal))

    def names(self, signal):
        return sorted(name for request in self.stored(signal) for name in otlp.names(signal, request.message))

    # ---- one request, whatever brought it ----

    def _take(self, signal, transport, headers, data):
        with self._lock:
            self.attempts += 1
            answer = self._answers.pop(0) if self._answers else None
        if answer is None:
            try:
                message = otlp.REQUEST[signal].FromString(data)
            except Exception:  # noqa: BLE001 - whatever the generated code raises, the bytes were no OTLP
                return Answer.invalid("malformed protobuf")
            answer = self._judge(signal, message) if self._judge else None
            answer = answer or self._strict(signal, message)
        if answer.delay:
            time.sleep(answer.delay)
        request = Request(signal, transport, headers, otlp.REQUEST[signal].FromString(data), len(data), time.monotonic(),
                          answer.store)
        with self._lock:
            self.requests.append(request)
        return answer

    @staticmethod
    def _strict(signal, message):
        if signal == "traces":
            for span in otlp.items(signal, message):
                if len(span.trace_id) != 16 or not any(span.trace_id):
                    return Answer.invalid("trace ids must be 128 bit")
                if len(span.span_id) != 8 or not any(span.span_id):
                    return Answer.invalid("span ids must be 64 bit and not all zero")
        return Answer()

    def _status(self, answer):
        status = status_pb2.Status(code=answer.grpc, message=answer.message)
        if answer.retry_after is not None:
            info = error_details_pb2.RetryInfo(
                retry_delay=duration_pb2.Duration(seconds=int(answer.retry_after), nanos=int(answer.retry_after % 1 * 1e9)))
            detail = any_pb2.Any()
            detail.Pack(info)
            status.details.append(detail)
        return status

    def _response(self, signal, answer):
        response = otlp.RESPONSE[signal]()
        if answer.rejected or answer.message:
            setattr(response.partial_success, otlp.REJECTED[signal], answer.rejected)
            response.partial_success.error_message = answer.message
        return response.SerializeToString()

    # ---- gRPC ----

    def _start_grpc(self, tls, limit, port):
        self._grpc = grpc.server(futures.ThreadPoolExecutor(16), options=[("grpc.max_receive_message_length", limit),
                                                                          ("grpc.so_reuseport", 0)])
        for signal in otlp.SIGNALS:
            handler = grpc.unary_unary_rpc_method_handler(lambda data, context, signal=signal: self._serve_grpc(signal, data, context))
            self._grpc.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(otlp.SERVICE[signal], {"Export": handler}),))
        if tls:
            pairs = [(open(tls[1], "rb").read(), open(tls[0], "rb").read())]
            self.grpc_port = self._grpc.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials(pairs))
        else:
            self.grpc_port = self._grpc.add_insecure_port(f"127.0.0.1:{port}")
        self._grpc.start()

    def _serve_grpc(self, signal, data, context):
        answer = self._take(signal, "grpc", dict(context.invocation_metadata()), data)
        if answer.grpc:
            status = self._status(answer)
            if status.details:
                context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(CODES[answer.grpc], answer.message)
        return self._response(signal, answer)

    # ---- HTTP ----

    def _start_http(self, tls, port):
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802 - the name that http.server demands
                backend._serve_http(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._http = Server(("127.0.0.1", port), Handler)
        if tls:
            import ssl
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.http_port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def _serve_http(self, handler):
        def reply(status, body=b"", kind="application/x-protobuf", headers=()):
            handler.send_response(status)
            handler.send_header("Content-Type", kind)
            handler.send_header("Content-Length", str(len(body)))
            for name, value in headers:
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

        headers = {name.lower(): value for name, value in handler.headers.items()}
        data = self._read_body(handler, headers)
        signal = handler.path.rsplit("/", 1)[-1]
        if handler.path not in map(otlp.path, otlp.SIGNALS):
            return reply(404, b"404 page not found", "text/plain")
        if headers.get("content-type") != "application/x-protobuf":
            return reply(415, b"415 unsupported media type", "text/plain")
        try:
            data = decompress(headers.get("content-encoding", "identity"), data)
        except (OSError, zlib.error, zstandard.ZstdError, ValueError) as problem:
            return reply(400, str(problem).encode(), "text/plain")
        if len(data) > self._http_limit:  # of what comes out of the decompression, as in the real ones
            return reply(400, b"http: request body too large", "text/plain")
        answer = self._take(signal, "http", headers, data)
        if answer.http >= 300 or answer.grpc:
            extra = [("Retry-After", str(int(answer.retry_after)))] if answer.retry_after is not None else []
            return reply(answer.http, self._status(answer).SerializeToString(), headers=extra)
        return reply(answer.http, self._response(signal, answer))

    @staticmethod
    def _read_body(handler, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            data = b""
            while True:
                size = int(handler.rfile.readline().split(b";")[0], 16)
                data += handler.rfile.read(size)
                handler.rfile.readline()
                if size == 0:
                    return data
        return handler.rfile.read(int(headers.get("content-length", 0)))


def decompress(encoding, data):
    if encoding in ("identity", ""):
        return data
    if encoding == "gzip":
        return gzip.decompress(data)
    if encoding in ("deflate", "zlib"):
        return zlib.decompress(data)
    if encoding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    raise ValueError(f"unsupported Content-Encoding: {encoding}")
