# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Loki that is as strict as the real one: it checks labels and entries by the same limits, stores what passes, says
in the same words and statuses what does not, and counts that by the same reasons."""
import collections
import re
import ssl
import threading
import time
from http import server

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2  # noqa: F401 - for the pool

from . import otlp
from .backend import decompress

LIMITS = {"max_line_size": 256 << 10, "max_label_names_per_series": 15, "max_label_value_length": 2048, "reject_old_samples": False,
          "reject_old_samples_max_age": "168h", "creation_grace_period": "10m", "ingestion_rate_mb": 4, "ingestion_burst_size_mb": 6,
          "block_ingestion_until": None}
OUT_OF_ORDER_NS = 3600 * 10**9  # half of max_chunk_age
OTLP_LABELS = ("service.name", "service.namespace", "service.instance.id", "deployment.environment")
SERVICE_NAMES = ("service", "app", "application", "app_name", "name", "container", "component", "workload", "job")


def push_request():
    """The class of logproto.PushRequest."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="logproto.proto", package="logproto", syntax="proto3",
                                              dependency=["google/protobuf/timestamp.proto"])
    for message, fields in {"LabelPair": (("name", "string"), ("value", "string")),
                            "Entry": (("timestamp", ".google.protobuf.Timestamp"), ("line", "string"), ("metadata", "*.logproto.LabelPair")),
                            "Stream": (("labels", "string"), ("entries", "*.logproto.Entry")),
                            "PushRequest": (("streams", "*.logproto.Stream"),)}.items():
        described = file.message_type.add(name=message)
        for number, (name, kind) in enumerate(fields, 1):
            one = described.field.add(name=name, number=number, label=field.LABEL_REPEATED if kind[0] == "*" else field.LABEL_OPTIONAL,
                                      type=field.TYPE_STRING if kind == "string" else field.TYPE_MESSAGE)
            if kind != "string":
                one.type_name = kind.lstrip("*")
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("logproto.PushRequest"))


PushRequest = push_request()


def unsnap(data):
    """The block format of snappy."""
    def varint(at):
        value = shift = 0
        while True:
            value |= (data[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 0x80:
                return value, at

    size, at = varint(0)
    out = bytearray()
    while at < len(data):
        tag, at = data[at], at + 1
        kind, length = tag & 3, (tag >> 2) + 1
        if kind == 0:
            if length > 60:
                wide = length - 60
                length, at = int.from_bytes(data[at:at + wide], "little") + 1, at + wide
            out += data[at:at + length]
            at += length
            continue
        if kind == 1:
            length, offset, at = ((tag >> 2) & 7) + 4, (tag >> 5) << 8 | data[at], at + 1
        else:
            wide = 2 if kind == 2 else 4
            offset, at = int.from_bytes(data[at:at + wide], "little"), at + wide
        if not 0 < offset <= len(out):
            raise ValueError("snappy: corrupt input")
        for _ in range(length):
            out.append(out[-offset])
    if len(out) != size:
        raise ValueError("snappy: corrupt input")
    return bytes(out)


PAIR = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)')


def selector(text):
    """[(name, operator, value), ...] and the wanted part of the line, of `{a="b"} |= "c"`."""
    match = re.fullmatch(r'\s*\{(.*)\}\s*(?:\|=\s*"(.*)")?\s*', text, re.DOTALL)
    if not match:
        raise ValueError(f"couldn't parse labels: {text}")
    pairs, at = [], 0
    while at < len(match[1]):
        pair = PAIR.match(match[1], at)
        if not pair:
            raise ValueError(f"couldn't parse labels: {text}")
        pairs.append((pair[1], pair[2], re.sub(r"\\(x..|.)", unquoted, pair[3])))
        at = pair.end()
    return pairs, match[2] or ""


def unquoted(escape):
    return {"n": "\n", "t": "\t", "r": "\r"}.get(escape[1]) or (chr(int(escape[1][1:], 16)) if escape[1][0] == "x" else escape[1])


def duration_ns(text):
    number, unit = re.fullmatch(r"(\d+)([smh])", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit] * 10**9


def grouped(errors):
    """As Loki joins the errors of one request."""
    counted = collections.Counter(errors)
    if len(errors) == 1:
        return errors[0]
    return "; ".join(f"{number} errors like: {error}" for error, number in counted.items())


class StandIn:
    """Runs on a free port. A test changes its manners by answer_next(): those requests get these answers, then it is itself again."""

    name = "stand-in for Loki"

    def __init__(self, _, limits=None, tenants=False, tls=None):
        self.limits = {**LIMITS, **(limits or {})}
        self.tenants = tenants
        self.streams = {}   # (tenant, labels as a frozenset of pairs) -> [(time, line), ...] in the order of arrival
        self.requests = []  # (headers, PushRequest) of the push API, those of queued answers too
        self.attempts = 0
        self._discarded = collections.Counter()
        self._answers = []
        self._tokens = self._burst = self.limits["ingestion_burst_size_mb"] * (1 << 20)
        self._filled = time.monotonic()
        self._lock = threading.Lock()
        stand_in = self

        class Handler(server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # noqa: N802 - the name that http.server demands
                stand_in._serve(self)

            def log_message(self, *_):
                pass

        class Server(server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        base = f"https://localhost:{self.port}" if tls else f"http://127.0.0.1:{self.port}"
        self.endpoint, self.otlp_endpoint = f"{base}/loki/api/v1/push", f"{base}/otlp"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer_next(self, *answers):
        with self._lock:
            self._answers.extend(answers)

    def entries(self, query, tenant=None):
        """What a selector, with |= behind it or not, finds: [(time in ns, {labels of the stream}, line), ...] by time."""
        matchers, part = selector(query)
        holds = {"=": lambda have, want: have == want, "!=": lambda have, want: have != want,
                 "=~": lambda have, want: re.fullmatch(want, have) is not None, "!~": lambda have, want: re.fullmatch(want, have) is None}
        with self._lock:
            found = [(at, dict(labels), line) for (owner, labels), entries in self.streams.items() for at, line in entries
                     if owner == (tenant or "fake") and part in line
                     and all(holds[operator](dict(labels).get(name, ""), value) for name, operator, value in matchers)]
        return sorted(found, key=lambda entry: (entry[0], entry[2]))

    def discarded(self):
        with self._lock:
            return dict(self._discarded)

    # ---- one request ----

    def _serve(self, handler):
        def reply(status, text="", headers=()):
            handler.send_response(status)
            for name, value in (("Content-Length", str(len(text.encode()))), *headers):
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(text.encode())

        headers = {name.lower(): value for name, value in handler.headers.items()}
        data = handler.rfile.read(int(headers["content-length"]))
        read = {"/loki/api/v1/push": self._read_push, "/otlp/v1/logs": self._read_otlp}.get(handler.path)
        if read is None:
            return reply(404, "404 page not found")
        tenant = headers.get("x-scope-orgid", "") if self.tenants else "fake"
        if not tenant:
            return reply(401, "no org id")
        with self._lock:
            self.attempts += 1
            answer = self._answers.pop(0) if self._answers else None
        try:
            streams = read(headers, data)
        except Exception as problem:  # noqa: BLE001 - whatever the decoders raise, it was no push
            return reply(400, str(problem))
        if answer is not None:
            time.sleep(answer.delay)
            if answer.store:
                with self._lock:
                    self._push(tenant, streams)
            extra = [("Retry-After", str(answer.retry_after))] if answer.retry_after is not None else []
            return reply(answer.http, answer.message, extra)
        with self._lock:
            return reply(*self._push(tenant, streams))

    def _read_push(self, headers, data):
        """[({labels}, [(time, line), ...]), ...]"""
        if headers.get("content-type") != "application/x-protobuf":
            raise ValueError("unsupported content type")
        encoding = headers.get("content-encoding", "")
        if encoding == "gzip":
            data = decompress(encoding, data)
        elif encoding not in ("", "snappy"):
            raise ValueError(f'Content-Encoding "{encoding}" not supported')
        message = PushRequest.FromString(unsnap(data))
        with self._lock:
            self.requests.append((headers, message))
        streams = []
        for stream in message.streams:
            pairs, _ = selector(stream.labels)
            labels = dict((name, value) for name, operator, value in pairs if operator == "=" and value)
            if not labels or len(labels) != len(pairs):
                raise ValueError(f"couldn't parse labels: {stream.labels}")
            labels.setdefault("service_name", next((labels[name] for name in SERVICE_NAMES if name in labels), "unknown_service"))
            streams.append((labels, [(entry.timestamp.ToNanoseconds(), entry.line) for entry in stream.entries]))
        return streams

    @staticmethod
    def _read_otlp(headers, data):
        streams = []
        for resource in otlp.REQUEST["logs"].FromString(decompress(headers.get("content-encoding", ""), data)).resource_logs:
            labels = {one.key.replace(".", "_"): one.value.string_value for one in resource.resource.attributes if one.key in OTLP_LABELS}
            labels.setdefault("service_name", "unknown_service")
            streams += [(labels, [(record.time_unix_nano or record.observed_time_unix_nano, record.body.string_value)
                                  for record in scope.log_records]) for scope in resource.scope_logs]
        return streams

    def _push(self, tenant, streams):
        """(status, text). The lock is held."""
        if not streams:
            return 422, "error at least one valid stream is required for ingestion"
        errors, ahead = [], []
        if self.limits["block_ingestion_until"]:
            self._discard("blocked_ingestion", sum(len(entries) for _, entries in streams))
            return 260, f"ingestion blocked for user '{tenant}' until '{self.limits['block_ingestion_until']}' with status code '260'"
        for labels, entries in streams:
            text = "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"
            reason, error = self._wrong_labels(labels, text)
            if reason:
                errors.append(error)
                self._discard(reason, len(entries))
                self._discard("invalid_labels", len(entries))  # Loki counts these twice
                continue
            for at, line in entries:
                reason, error = self._wrong_entry(at, line, text)
                if reason:
                    errors.append(error)
                    self._discard(reason, 1)
                else:
                    ahead.append((labels, text, at, line))
        size = sum(len(line.encode()) for *_, line in ahead)
        if not self._take_tokens(size):
            self._discard("rate_limited", sum(len(entries) for _, entries in streams))
            return 429, (f"ingestion rate limit exceeded for user {tenant} (limit: {self.limits['ingestion_rate_mb']} bytes/sec) while "
                         f"attempting to ingest '{len(ahead)}' lines totaling '{size}' bytes, reduce log volume")
        return self._ingest(tenant, ahead) or ((400, grouped(errors)) if errors else (204, ""))

    def _discard(self, reason, number):
        self._discarded[reason] += number

    def _wrong_labels(self, labels, text):
        most, longest = self.limits["max_label_names_per_series"], self.limits["max_label_value_length"]
        number = len(labels) - 1  # service_name does not count
        if number > most:
            return "max_label_names_per_series", f"entry for stream '{text}' has {number} label names; limit {most}"
        long = next((value for value in labels.values() if len(value) > longest), None)
        return ("label_value_too_long", f"stream '{text}' has label value too long: '{long}'") if long else (None, None)

    def _wrong_entry(self, at, line, text):
        now, most = time.time_ns(), self.limits["max_line_size"]
        oldest = now - duration_ns(self.limits["reject_old_samples_max_age"])
        if self.limits["reject_old_samples"] and at < oldest:
            return "greater_than_max_sample_age", f"entry for stream '{text}' has timestamp too old: {at}, oldest acceptable timestamp is: {oldest}"
        if at > now + duration_ns(self.limits["creation_grace_period"]):
            return "too_far_in_future", f"entry for stream '{text}' has timestamp too new: {at}"
        if len(line.encode()) > most:
            return "line_too_long", (f"max entry size '{most}' bytes exceeded for stream '{text}' while adding an entry with length "
                                     f"'{len(line.encode())}' bytes")
        return None, None

    def _take_tokens(self, size):
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self.limits["ingestion_rate_mb"] * (1 << 20))
        self._filled = now
        if size > self._tokens:
            return False
        self._tokens -= size
        return True

    def _ingest(self, tenant, entries):
        """What the ingester says of the last stream that had something against it; None if there is none."""
        late, total = collections.Counter(), collections.Counter()
        for labels, text, at, line in entries:
            stored = self.streams.setdefault((tenant, frozenset(labels.items())), [])
            total[text] += 1
            if stored and at < max(time for time, _ in stored) - OUT_OF_ORDER_NS:
                late[text] += 1
                self._discard("too_far_behind", 1)
            elif (at, line) not in stored:
                stored.append((at, line))
        for text, number in reversed(late.items()):
            return 400, (f"entry with timestamp x ignored, reason: 'entry too far behind',\nuser '{tenant}', "
                         f"total ignored: {number} out of {total[text]} for stream: {text}")
        return None
