# SPDX-License-Identifier: Apache-2.0
"""Connections below HTTP and gRPC: clients that misbehave, and peers that misbehave."""
import contextlib
import socket
import struct
import threading


def connect(port, timeout=10.0):
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)


def http_request(path, body=b"", headers=(), method="POST", version="1.1"):
    """The bytes of one request; give Content-Length yourself to lie about it."""
    lines = [f"{method} {path} HTTP/{version}", "Host: localhost"]
    have = {name.lower() for name, _ in headers}
    if "content-length" not in have and "transfer-encoding" not in have:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_response(connection):
    """Reads one HTTP/1.1 response: (status, headers, body). A connection that closes first is an OSError."""
    reader = connection.makefile("rb")
    first = reader.readline()
    if not first:
        raise ConnectionError("closed without an answer")
    headers = {}
    while (line := reader.readline().strip()):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers["content-length"])) if "content-length" in headers else reader.read()
    return int(first.split()[1]), headers, body


def http_exchange(port, *arguments, **named):
    with connect(port) as connection:
        connection.sendall(http_request(*arguments, **named))
        return read_response(connection)


class Peer:
    """A TCP server for one kind of misbehaviour: `act` is called with each connection on a thread of its own."""

    def __init__(self, act):
        self._act = act
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError):
            self._act(connection)

    def close(self):
        # shutdown() wakes the accepting thread, which close() alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()


def hang(connection):
    """Reads everything, answers nothing."""
    while connection.recv(65536):
        pass


def reset(connection):
    """Reads a little, then resets the connection."""
    connection.recv(1024)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def half_answer(connection):
    """Promises a body and breaks off inside the headers."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Le")
    connection.close()


def after(times, misbehave, port):
    """Misbehaves on the first connections, then passes every byte to and from a port of loopback."""
    left = threading.Semaphore(times)

    def act(connection):
        if left.acquire(blocking=False):
            misbehave(connection)
            return
        with connect(port, timeout=None) as onward:
            back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
            back.start()
            pump(connection, onward)
            back.join()
    return act


def pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class Gate:
    """A port that passes everything to a port of loopback while it is open; shut, it refuses, and its connections are gone."""

    def __init__(self, target):
        self._target = target
        self._listener = None
        self._ends = []
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]

    def open(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                self._ends.append(listener.accept()[0])
                threading.Thread(target=self._pass_on, args=(self._ends[-1],), daemon=True).start()

    def _pass_on(self, connection):
        with contextlib.suppress(OSError), connect(self._target, timeout=None) as onward:
            self._ends.append(onward)
            threading.Thread(target=pump, args=(onward, connection), daemon=True).start()
            pump(connection, onward)

    def shut(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()
