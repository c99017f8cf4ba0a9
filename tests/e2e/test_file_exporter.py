# SPDX-License-Identifier: Apache-2.0
"""The file exporter: every item that was answered OK is in a file, once, in a record that is whole, whatever happens to the files."""
import contextlib
import json
import struct
import threading

import pytest
from google.protobuf import json_format
from harness import clients, collector as process, otlp
from harness.collector import wait_until
from harness.configs import Relay


def to_file(path, **settings):
    return Relay("file", {"path": str(path), **settings})


def lines(path):
    text = path.read_text()
    assert text == "" or text.endswith("\n"), f"{path} does not end with a whole line: {text[-80:]!r}"
    return text.splitlines()


def names_in_lines(signal, *paths):
    """The items of one signal, from OTLP/JSON. Ids are hex there and base64 to protobuf, so they are left out."""
    found = []
    for path in paths:
        for line in lines(path):
            message = json.loads(line, object_hook=lambda value: {key: one for key, one in value.items() if key not in ("traceId", "spanId")})
            found += otlp.names(signal, json_format.ParseDict(message, otlp.REQUEST[signal](), ignore_unknown_fields=True))
    return found


def frames(data):
    """The payloads of length-prefixed records; fails if the last is not whole."""
    while data:
        length = struct.unpack(">I", data[:4])[0]
        assert len(data) >= 4 + length
        yield data[4:4 + length]
        data = data[4 + length:]


@pytest.mark.parametrize("signal", otlp.SIGNALS)
def test_what_was_sent_is_in_the_file(collector, tmp_path, signal):
    for encoding in ("json", "proto"):
        path = tmp_path / encoding
        relay = to_file(path, format=encoding)
        sluice = collector(relay.config)
        sent = otlp.make(signal, 7)
        assert clients.send_grpc(relay.grpc_port, signal, sent).code == 0
        if encoding == "json":
            assert names_in_lines(signal, path) == otlp.names(signal, sent)
        else:
            assert [otlp.REQUEST[signal].FromString(frame) for frame in frames(path.read_bytes())] == [sent]
        account = sluice.stop()
        assert account["received"] == account["delivered"] == 7


def test_files_are_moved_away_while_many_send(collector, tmp_path):
    """The exporter's own rotation at 1 MiB and another program that moves the file, both while four senders send."""
    folder = tmp_path / "files"
    path = folder / "out.json"
    relay = to_file(path, rotation={"max_megabytes": 1, "max_backups": 0})
    sluice = collector(relay.config)
    sent, moved = [], []

    def send(sender):
        for number in range(25):
            request = otlp.make("logs", 5, prefix=f"{sender}-{number}", padding=12000)
            assert clients.send_http(relay.http_port, "logs", request)[0] == 200
            sent.extend(otlp.names("logs", request))

    senders = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for sender in senders:
        sender.start()
    while any(sender.is_alive() for sender in senders):
        wait_until(lambda: path.exists() or not any(sender.is_alive() for sender in senders), what=str(path))
        if len(moved) < 5:
            with contextlib.suppress(FileNotFoundError):  # the exporter was quicker
                moved.append(path.rename(folder / f"moved-{len(moved)}"))
    for sender in senders:
        sender.join()
    assert len(sent) == 4 * 25 * 5
    assert len(list(folder.iterdir())) > len(moved) + 1, "nothing was rotated"
    assert sorted(names_in_lines("logs", *folder.iterdir())) == sorted(sent)
    account = sluice.stop()
    assert account["received"] == account["delivered"] == len(sent)


@pytest.mark.parametrize("encoding", ["json", "proto"])
def test_what_was_answered_survives_a_kill(collector, tmp_path, encoding):
    """Killed while it writes, started again with append: nothing answered is lost, and nothing half-written is left."""
    path = tmp_path / "out"
    relay = to_file(path, append=True, format=encoding)
    answered = []
    for run in range(3):
        sluice = process.Collector(relay.config, tmp_path / f"killed{run}").start()

        def send(run=run):
            for number in range(1000):
                request = otlp.make("logs", 3, prefix=f"{run}-{number}", padding=1000)
                try:
                    if clients.send_http(relay.http_port, "logs", request)[0] != 200:
                        return
                except (OSError, EOFError, ValueError):
                    return
                answered.extend(otlp.names("logs", request))

        sender = threading.Thread(target=send)
        sender.start()
        wait_until(lambda run=run: len(answered) > 60 * (run + 1), what="sixty answers")
        sluice.kill()
        sender.join()
        # What a power cut may leave: the beginning of a record.
        with open(path, "ab") as file:
            file.write(b'{"resourceLogs":[{"resource":{}' if encoding == "json" else b"\0\0\x10\0\x0a\xff\x0f")
    sluice = collector(relay.config)
    found = (names_in_lines("logs", path) if encoding == "json" else
             [name for frame in frames(path.read_bytes()) for name in otlp.names("logs", otlp.REQUEST["logs"].FromString(frame))])
    assert set(answered) <= set(found) and len(set(found)) == len(found)
    assert "Removed half a record" in sluice.log()


def test_senders_are_told_while_the_folder_is_gone(collector, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    relay = to_file(folder / "out.json")
    sluice = collector(relay.config)

    def send(prefix):
        return clients.send_grpc(relay.grpc_port, "logs", otlp.make("logs", 3, prefix=prefix))

    assert send("before").code == 0
    folder.rename(tmp_path / "away")
    answer = send("between")
    assert answer.code == 14 and answer.message == f'cannot open "{folder}/out.json": No such file or directory'
    folder.mkdir()
    assert send("after").code == 0
    assert names_in_lines("logs", tmp_path / "away/out.json") == ["before 0", "before 1", "before 2"]
    assert names_in_lines("logs", folder / "out.json") == ["after 0", "after 1", "after 2"]
    account = sluice.stop()
    assert account["delivered"] == 6 and account["returned"] == 3
