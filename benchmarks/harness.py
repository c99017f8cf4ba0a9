# SPDX-License-Identifier: Apache-2.0
"""What all benchmarks share: payloads, the sink, the systems under test, and one measured run.

The system under test has core 0 for itself, load generator and sink share core 1, everything is on loopback. Where the
machine does not allow that, notes() says so beside the figures.
"""
import contextlib
import hashlib
import json
import mmap
import os
import pathlib
import platform
import re
import socket
import struct
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
TICKS = os.sysconf("SC_CLK_TCK")
WARM_UP = 200_000  # items
STAMP = struct.Struct("=QQQ")  # due, answered, arrived: benchmarks/stamps.h


class Failed(Exception):
    """A run that gives no figure, and why."""


def notes():
    """What could not be done as it should be on this machine."""
    found = []
    if os.cpu_count() < 2:
        found.append("one processor: system, load generator and sink share it")
    if os.getloadavg()[0] > 0.5:
        found.append(f"the machine was not idle: load average {os.getloadavg()[0]:.1f} at the start")
    return found


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {"machine": model.group(1) if model else platform.machine(), "processors": os.cpu_count(), "kernel": platform.release()}


def steal_ticks():
    return int(pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[8])


def pinned(core, *command):
    return ["taskset", "-c", str(core), *map(str, command)] if os.cpu_count() > 1 else [*map(str, command)]


def free_ports(*names):
    """A TCP port of loopback for each name; all are held until the last is found, so that none is given twice."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        return {name: probe.getsockname()[1] for name, probe in zip(names, probes)}


def wait_until(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.005)
    return found


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def payload(build, kind="traces", items=1000, item_bytes=0, requests=64):
    """The file of that payload, made once, with its hash."""
    folder = build / "benchmarks/payloads"
    folder.mkdir(exist_ok=True)
    file = folder / f"{kind}-{items}-{item_bytes}-{requests}.bin"
    if not file.exists():
        part = file.with_suffix(".part")
        subprocess.run([build / "benchmarks/make_payload", "--kind", kind, "--items", str(items), "--item-bytes", str(item_bytes),
                        "--requests", str(requests), part], check=True, stdout=subprocess.DEVNULL)
        part.rename(file)
    return file


def payload_of(scenario, build):
    return payload(build, scenario.kind, scenario.items, scenario.item_bytes, scenario.requests)


def write_result(folder, name, raw):
    """As JSON, one key a line."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in raw.items())
    (folder / f"{name}.json").write_text("{\n" + lines + "\n}\n")


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


class Stamps:
    """When each request was due, answered, and arrived (benchmarks/stamps.h)."""

    def __init__(self, folder, requests):
        self.file = folder / "stamps"
        with open(self.file, "wb") as out:
            out.truncate(requests * STAMP.size)

    def read(self, first, count):
        with open(self.file, "rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as memory:
            return [STAMP.unpack_from(memory, number * STAMP.size) for number in range(first, first + count)]


class Sink:
    def __init__(self, build, payload_file, stamps, items_change=False):
        command = [build / "benchmarks/sink", "--payload", payload_file, "--stamps", stamps.file]
        self.process = subprocess.Popen(pinned(1, *command, *(["--items-change"] if items_change else [])),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if not first:
            raise Failed("the sink does not listen")
        self.ports = json.loads(first)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def counts(self):
        found = self.ask("counts")
        return found | {"items": found["items"] + found["loki_entries"]}

    def wait_for(self, items, seconds=120):
        return wait_until(lambda: (found := self.counts())["items"] >= items and found, f"{items} items at the sink", seconds)

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


class System:
    """A collector under test: Sluice or a peer."""

    def __init__(self, name, path):
        self.name, self.path = name, pathlib.Path(path)

    @classmethod
    def parse(cls, text, build=BUILD):
        """`sluice`, `sluice=PATH`, `otelcol=PATH`, `rotel=PATH`."""
        name, _, path = text.partition("=")
        if name.split("@")[0] not in COMMANDS:
            raise SystemExit(f"there is no system \"{name}\"; known are {', '.join(COMMANDS)}")
        if not path and name != "sluice":
            raise SystemExit(f"where is {name}? say {name}=PATH")
        return cls(name, path or build / "bin/sluice")

    @property
    def kind(self):
        return self.name.split("@")[0]

    def supports(self, scenario):
        return self.kind != "rotel" or (pathlib.Path(__file__).parent / f"peers/rotel/{scenario.name}.env").is_file()

    def version(self):
        answer = subprocess.run([self.path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return answer.stdout.strip().splitlines()[0] if answer.stdout else "?"

    def start(self, scenario, ports, folder, core=0):
        """ports: listen (gRPC), listen_http, scrape, sink_grpc, sink_http -> Running, once it listens."""
        environment = os.environ | {name.upper(): str(port) for name, port in ports.items()}
        command = COMMANDS[self.kind](self, scenario, environment)
        log = folder / f"{self.kind}.log"
        began = time.monotonic()
        with open(log, "wb") as out:
            process = subprocess.Popen(pinned(core, *command) if core is not None else [*map(str, command)], stdout=out,
                                       stderr=out, env=environment, cwd=folder)
        running = Running(process, log)
        try:
            wait_until(lambda: running.alive() and listens(ports["listen_http" if scenario.protocol == "http" else "listen"]),
                       f"{self.name} listening", 30)
        except Failed:
            running.stop()
            raise
        running.seconds_to_listen = time.monotonic() - began
        return running


def _open_telemetry(arguments):
    def command(system, scenario, _):
        change = ["--config", f"yaml:{scenario.change}"] if scenario.change else []
        return [system.path, *arguments, "--config", scenario.config, *change]
    return command


def _rotel(system, scenario, environment):
    file = pathlib.Path(__file__).parent / f"peers/rotel/{scenario.name}.env"
    for line in file.read_text().splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            environment[key] = value.format(**environment)
    return [system.path, "start"]


COMMANDS = {"sluice": _open_telemetry(["run"]), "otelcol": _open_telemetry([]), "rotel": _rotel}


class Running:
    def __init__(self, process, log):
        self.process, self.log = process, log
        self.seconds_to_listen = 0.0

    def alive(self):
        if self.process.poll() is not None:
            raise Failed(f"it ended with {self.process.returncode}:\n{self.tail()}")
        return True

    def tail(self):
        return self.log.read_text(errors="replace")[-3000:]

    def _tree(self):
        """This process and its children, by pid (taskset has become the system itself)."""
        pids, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            pids.append(pid)
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                todo += map(int, task.read_text().split())
        return pids

    def cpu_seconds(self):
        """User and system time, to the nanosecond: the CPU clock of each process (clock_getcpuclockid(3))."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self._tree())

    def memory_mb(self):
        """peak: highest resident so far; resident, anonymous: now."""
        found = dict.fromkeys(("peak", "resident", "anonymous"), 0.0)
        for pid in self._tree():
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            for name, key in (("peak", "VmHWM"), ("resident", "VmRSS"), ("anonymous", "RssAnon")):
                found[name] += int(re.search(rf"{key}:\s+(\d+)", status).group(1)) * 1024 / 1e6
        return found

    def stop(self, seconds=30):
        began = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"it did not stop within {seconds} s:\n{self.tail()}") from None
        return time.monotonic() - began


NOTHING_SEEN = {"items": 0, "reordered": 0, "wire_bytes": 0}


class Stage:
    """Sink, stamps and a running system for one run of a scenario."""

    def __init__(self, system, scenario, requests, build=BUILD, core=0):
        self.system, self.scenario, self.build = system, scenario, build
        self._folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._folder.name)
        self.payload = payload_of(scenario, build)
        self.stamps = Stamps(folder, requests)
        self.sent = 0
        self.sinks, self.running = [], None
        reencodes = system is not None and system.kind != "sluice"  # an equal item may come back in other bytes
        try:
            for _ in range(scenario.sinks):
                self.sinks.append(Sink(build, self.payload, self.stamps, scenario.items_change or reencodes))
            self.sink = self.sinks[0]
            self.ports = free_ports("listen", "listen_http", "scrape")
            self.ports |= {"sink_grpc": self.sink.ports["grpc"], "sink_http": self.sink.ports["http"]}
            self.ports |= {f"sink_grpc_{number}": sink.ports["grpc"] for number, sink in enumerate(self.sinks[1:], 2)}
            if system:
                self.running = system.start(scenario, self.ports, folder, core)
        except BaseException:
            self.close()
            raise

    def load(self, requests, rate=0, in_flight=None, check=True):
        """Sends requests to the system, or straight to the sink if there is no system."""
        scenario = self.scenario
        target = self.ports[("listen_http" if scenario.protocol == "http" else "listen") if self.running else
                            ("sink_http" if scenario.protocol == "http" else "sink_grpc")]
        command = [self.build / "benchmarks/load", "--protocol", scenario.protocol, "--target", f"127.0.0.1:{target}",
                   "--payload", self.payload, "--stamps", self.stamps.file, "--compression", scenario.compression_in,
                   "--requests", requests, "--first", self.sent, "--in-flight", in_flight or scenario.in_flight,
                   "--connections", scenario.connections, "--rate", rate]
        answer = subprocess.run(pinned(1, *command, *(["--json"] if scenario.json else [])), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, check=False)
        if answer.returncode != 0:
            raise Failed(f"load: {answer.stderr.strip()}")
        self.sent += requests
        result = json.loads(answer.stdout)
        if check and result["refused_items"]:
            raise Failed(f"{result['refused_items']} items were refused: {answer.stderr.strip()}")
        return result

    def wait_for(self, items):
        """Until every sink has so many; nothing is waited for where nobody counts. What the first has seen."""
        if self.scenario.destination == "none":
            return NOTHING_SEEN | {"items": items}
        return [sink.wait_for(items) for sink in self.sinks][0]

    def warm_up(self):
        self.wait_for(self.load(max(1, WARM_UP // self.scenario.items))["acknowledged_items"])

    def burst(self, requests):
        """Sends so many and waits until all of it has arrived -> what load() says, with `cpu_seconds` and `seconds` of the system.

        `wire_bytes_out_per_item`: of messages and bodies to the first sink, without headers and frames.
        """
        before = self.seen()
        cpu, began = self.running.cpu_seconds(), time.monotonic()
        result = self.load(requests)
        seen = self.wait_for(before["items"] + result["acknowledged_items"])
        wire = (seen["wire_bytes"] - before["wire_bytes"]) / result["acknowledged_items"]
        return result | {"cpu_seconds": self.running.cpu_seconds() - cpu, "seconds": time.monotonic() - began,
                         "reordered": seen["reordered"], "wire_bytes_out_per_item": round(wire, 2)}

    def seen(self):
        """What the first sink counts."""
        return NOTHING_SEEN if self.scenario.destination == "none" else self.sink.counts()

    def verify(self, more_than_once=False):
        """Every acknowledged item is at every sink, unchanged, and once, unless a failure may have it sent again."""
        for sink in self.sinks if self.scenario.destination == "otlp" else []:
            found = sink.counts() | sink.ask("missing")
            wrong = {name: found[name] for name in ("lost", "duplicated", "damaged", "malformed", "foreign")
                     if found[name] and not (name == "duplicated" and more_than_once)}
            if wrong:
                raise Failed(f"the sink says {wrong}")

    def close(self):
        try:
            if self.running:
                self.running.stop()
        finally:
            for sink in self.sinks:
                sink.close()
            self._folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def measure_cost(system, scenario, items, build=BUILD, core=0):
    """CPU seconds of the system per million items that arrived and were checked, and its memory."""
    requests = max(1, items // scenario.items)
    steal = steal_ticks()
    with Stage(system, scenario, WARM_UP // scenario.items + 1 + requests, build, core) as stage:
        idle = stage.running.memory_mb()
        stage.warm_up()
        result = stage.burst(requests)
        memory = stage.running.memory_mb()
        stage.verify()
        seconds_to_stop = stage.running.stop()
        stage.running = None
    delivered, cpu = result["acknowledged_items"], result["cpu_seconds"]
    return {"system": system.name, "scenario": scenario.name, "delivered_items": delivered, "cpu_seconds": round(cpu, 3),
            "cpu_seconds_per_million": round(cpu / delivered * 1e6, 4), "items_per_second": round(delivered / result["seconds"]),
            "bytes_per_item": result["bytes_per_item"], "wire_bytes_in_per_item": result["wire_bytes_per_item"],
            "wire_bytes_out_per_item": result["wire_bytes_out_per_item"],
            "reordered": result["reordered"], "idle_mb": round(idle["resident"], 1), "peak_mb": round(memory["peak"], 1),
            "anonymous_mb": round(memory["anonymous"], 1), "seconds_to_stop": round(seconds_to_stop, 3),
            "steal_seconds": (steal_ticks() - steal) / TICKS}
