# SPDX-License-Identifier: Apache-2.0
"""What is not a cost per item at full speed: latency, a stalled destination, starting and stopping, and how the cost grows with
the size of requests, with edits, with idle pipelines and with processors."""
import dataclasses
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request

import harness
from scenarios import SCENARIOS, Scenario


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


WINDOWS, WINDOW_SECONDS = 10, 2


def _delays_ms(stage, items_per_second):
    """-> delays, the number of calm windows: those in which the hypervisor took no processor away. If none is calm, all count.

    A stolen slice of 10 ms makes a percent of a second late whatever runs. The first 0.1 s is the load generator's connecting.
    """
    requests = max(200, int(items_per_second * WINDOW_SECONDS / stage.scenario.items))
    calm, disturbed = [], []
    for _ in range(WINDOWS):
        first, steal = stage.sent, harness.steal_ticks()
        stage.load(requests, rate=items_per_second, in_flight=256)
        stage.wait_for(stage.sent * stage.scenario.items)
        window = [(arrived - due) / 1e6 for due, _, arrived in stage.stamps.read(first, requests)[requests // 20:]]
        (calm if harness.steal_ticks() == steal else disturbed).append(window)
    return [delay for window in calm or disturbed for delay in window], len(calm)


def latency(system, options):
    """Added from due to arrived at the sink, at 25 and 50 % of what the system takes: with it minus without it."""
    scenario = dataclasses.replace(SCENARIOS["traces_100"], in_flight=64)
    found = {}
    with harness.Stage(system, scenario, 400_000, options.build) as stage:
        result = stage.load(20_000)
        knee = options.knee or result["acknowledged_items"] / result["seconds"]
        stage.wait_for(stage.sent * scenario.items)
        via = {share: _delays_ms(stage, knee * share) for share in (0.25, 0.5)}
        stage.verify()
    with harness.Stage(None, scenario, 400_000, options.build) as stage:
        stage.load(2_000)
        direct = {share: _delays_ms(stage, knee * share) for share in (0.25, 0.5)}
    for share in (0.25, 0.5):
        (through, calm), (without, calm_without) = via[share], direct[share]
        found[f"at_{share:.0%}"] = {f"{name}_ms": {"via": round(quantile(through, q), 3), "direct": round(quantile(without, q), 3),
                                                   "added": round(quantile(through, q) - quantile(without, q), 3)}
                                    for name, q in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))}
        found[f"at_{share:.0%}"] |= {"windows": WINDOWS, "calm_windows": {"via": calm, "direct": calm_without}}
    return {"knee_items_per_second": round(knee)} | found


def stall(system, options):
    """Memory while the destination takes nothing for a minute at twice the load that it had, and afterwards.

    What it was sent and did not answer in time is sent again, and the sink counts both: `arrived_items` has what came twice.
    """
    scenario = SCENARIOS["traces"]
    samples = []

    def sample(stage, phase, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            samples.append({"phase": phase, "seconds": round(time.monotonic() - began, 2)} | stage.running.memory_mb())
            time.sleep(0.25)

    rate = 200_000
    with harness.Stage(system, scenario, 60_000, options.build) as stage:
        began = time.monotonic()
        sample(stage, "idle", 2)
        stage.load(10 * rate // scenario.items, rate=rate)
        sample(stage, "running", 1)
        before = stage.running.memory_mb()
        stage.sink.ask("mode stall")
        loader = subprocess.Popen(harness.pinned(1, options.build / "benchmarks/load", "--target", f"127.0.0.1:{stage.ports['listen']}",
                                                 "--payload", stage.payload, "--stamps", stage.stamps.file, "--first", stage.sent,
                                                 "--requests", 60 * 2 * rate // scenario.items, "--rate", 2 * rate, "--in-flight", 256),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stage.sent += 60 * 2 * rate // scenario.items
        sample(stage, "stalled", 60)
        stage.sink.ask("mode ok")
        patience = time.monotonic() + 120
        while loader.poll() is None:
            sample(stage, "catching up", 0.25)
            if time.monotonic() > patience:
                loader.kill()
                raise harness.Failed("two minutes after the destination is well the senders are not through")
        acknowledged = sum(answered != 0 for _, answered, _ in stage.stamps.read(0, stage.sent)) * scenario.items
        stage.wait_for(acknowledged)
        sample(stage, "recovered", 5)
        after = stage.running.memory_mb()
        stage.verify(more_than_once=True)
        arrived = stage.seen()["items"]
    return {"rate": rate, "resident_before_mb": round(before["resident"], 1), "highest_mb": round(after["peak"], 1),
            "resident_after_mb": round(after["resident"], 1), "acknowledged_items": acknowledged, "arrived_items": arrived, "samples": samples}


def prometheus(system, options):
    """The Prometheus exporter with 100,000 series: CPU of ingesting a point for each, CPU and size of a scrape, memory."""
    scenario = Scenario("prometheus", "100,000 series", "prometheus", kind="sums", requests=100, destination="none")
    ingests, scrapes, size = [], [], 0
    with harness.Stage(system, scenario, 10_000, options.build) as stage:
        stage.load(scenario.requests)  # the series appear
        for _ in range(max(3, options.repeat)):
            ingests.append(stage.burst(scenario.requests)["cpu_seconds"])
            cpu = stage.running.cpu_seconds()
            with urllib.request.urlopen(f"http://127.0.0.1:{stage.ports['scrape']}/metrics", timeout=60) as response:
                size = len(response.read())
            scrapes.append(stage.running.cpu_seconds() - cpu)
        memory = stage.running.memory_mb()
    return {"series": 100_000, "ingest_cpu_seconds": round(statistics.median(ingests), 4), "scrape_cpu_seconds": round(statistics.median(scrapes), 4),
            "scrape_bytes": size, "peak_mb": round(memory["peak"], 1), "resident_mb": round(memory["resident"], 1),
            "anonymous_mb": round(memory["anonymous"], 1)}


def start(system, options):
    """From the start of the process to listening, and from SIGTERM to its end, while idle; idle memory; sizes on disk."""
    scenario = SCENARIOS["traces"]
    listening, stopping, memory = [], [], []
    for _ in range(max(5, options.repeat)):
        with harness.Stage(system, scenario, 10, options.build) as stage:
            time.sleep(0.3)
            memory.append(stage.running.memory_mb())
            listening.append(stage.running.seconds_to_listen * 1e3)
            stopping.append(stage.running.stop() * 1e3)
            stage.running = None
    result = {"ms_to_listen": round(statistics.median(listening), 1), "ms_to_stop": round(statistics.median(stopping), 1),
              "idle_resident_mb": round(statistics.median(m["resident"] for m in memory), 1),
              "idle_anonymous_mb": round(statistics.median(m["anonymous"] for m in memory), 1),
              "binary_mb": round(_stripped(system.path) / 1e6, 2)}
    plugins = system.path.resolve().parent.parent / "lib/sluice/plugins"
    if system.kind == "sluice" and plugins.is_dir():
        result["plugins_mb"] = {file.stem: round(_stripped(file) / 1e6, 2) for file in sorted(plugins.glob("*.so"))}
    return result


def _stripped(file):
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(file, pathlib.Path(folder) / "copy")
        subprocess.run(["strip", copy], check=True)
        return copy.stat().st_size


def growth(system, options):
    """cost = a + b * requests + c * items + d * bytes, fitted over a grid of request and item sizes."""
    points = []
    for items in (1, 10, 100, 1000, 10_000):
        for item_bytes in (60, 500, 5000):
            if items * item_bytes > 16_000_000:
                continue
            scenario = dataclasses.replace(SCENARIOS["traces"], items=items, item_bytes=item_bytes, in_flight=16)
            wanted = min(options.items, max(20_000 * items, 200_000), 2_000_000_000 // item_bytes)
            run = harness.measure_cost(system, scenario, wanted, options.build)
            points.append({"items_per_request": items, "item_bytes": item_bytes, "bytes_per_item": run["bytes_per_item"], "requests": run["delivered_items"] // items,
                           "items": run["delivered_items"], "cpu_seconds": run["cpu_seconds"]})
    a, b, c, d = _least_squares([[1, p["requests"], p["items"], p["items"] * p["bytes_per_item"]] for p in points],
                                [p["cpu_seconds"] for p in points])
    return {"points": points, "us_per_request": round(b * 1e6, 3), "us_per_item": round(c * 1e6, 4), "ns_per_byte": round(d * 1e9, 4),
            "seconds_constant": round(a, 3)}


def _in_turn(system, options, variants):
    """variants: name -> (scenario, core). Runs of all of them in turn, so that what disturbs one disturbs all: name -> runs."""
    runs = {name: [] for name in variants}
    for _ in range(options.repeat):
        for name, (scenario, core) in variants.items():
            runs[name].append(harness.measure_cost(system, scenario, options.items, options.build, core))
    return runs


def _middle(runs):
    return round(statistics.median(run["cpu_seconds_per_million"] for run in runs), 4)


def edits(system, options):
    """Cost by the number of attributes, short ones, that a processor adds to each log record."""
    def scenario(count):
        actions = [{"key": f"b{number}", "action": "upsert", "value": "1"} for number in range(count)]
        change = {"processors": {"attributes": {"actions": actions}}, "service": {"pipelines": {"logs": {"processors": ["attributes"]}}}}
        return dataclasses.replace(SCENARIOS["logs"], items_change=True, change=json.dumps(change) if count else "")

    runs = _in_turn(system, options, {count: (scenario(count), 0) for count in (0, 1, 2, 4, 8, 16)})
    cost = {count: _middle(found) for count, found in runs.items()}
    _, each = _least_squares([[1, count] for count in cost if count], [cost[count] for count in cost if count])
    return {"cost": cost, "first_edit": round(cost[1] - cost[0], 4), "each_further_edit": round(each, 4), "runs_of": runs}


def pipelines(system, options):
    """What pipelines between an idle receiver and an idle exporter add: memory, CPU time of five idle seconds, and to the
    cost of the one that works."""
    def scenario(count):
        port = harness.free_ports("idle")["idle"]
        idle = {"receivers": ["otlp/idle"], "processors": ["batch"], "exporters": ["otlp_grpc/idle"]}
        change = {"receivers": {"otlp/idle": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{port}"}}}}, "processors": {"batch": {}},
                  "exporters": {"otlp_grpc/idle": {"endpoint": "127.0.0.1:${env:SINK_GRPC}", "tls": {"insecure": True}}},
                  "service": {"pipelines": {f"traces/{number}": idle for number in range(count)}}}
        return dataclasses.replace(SCENARIOS["traces"], change=json.dumps(change))

    idle, scenarios = {}, {count: scenario(count) for count in (1, 4, 17, 65)}
    for count, changed in scenarios.items():
        with harness.Stage(system, changed, 10, options.build) as stage:
            time.sleep(1)
            cpu = stage.running.cpu_seconds()
            time.sleep(5)
            idle[count] = {"resident_mb": round(stage.running.memory_mb()["resident"], 2),
                           "cpu_share": round((stage.running.cpu_seconds() - cpu) / 5, 6)}
    runs = _in_turn(system, options, {count: (changed, 0) for count, changed in scenarios.items()})
    return {"idle": idle, "cost": {count: _middle(found) for count, found in runs.items()}, "runs_of": runs}


def cores(system, options):
    """What an item costs when the system may use every processor, against one: so many times as much they can do together.

    The load generator and the sink need a processor too, so the gain in speed itself cannot be seen on a small machine.
    """
    variants = {}
    for name in ("traces", "traces_100"):
        scenario = dataclasses.replace(SCENARIOS[name], connections=4, in_flight=16)
        variants |= {f"{name}, one": (scenario, 0), f"{name}, all": (scenario, None)}
    runs = _in_turn(system, options, variants)
    cost = {name: _middle(found) for name, found in runs.items()}
    gain = {name: round(os.cpu_count() * cost[f"{name}, one"] / cost[f"{name}, all"], 2) for name in ("traces", "traces_100")}
    return {"processors": os.cpu_count(), "cost": cost, "times_one": gain, "runs_of": runs}


def _least_squares(rows, values):
    """Solves the normal equations, each row weighted by 1 / value: relative errors count."""
    n = len(rows[0])
    rows = [[x / max(v, 1e-3) for x in row] for row, v in zip(rows, values)]
    matrix = [[sum(row[i] * row[j] for row in rows) for j in range(n)] + [sum(row[i] for row in rows)] for i in range(n)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(matrix[k][i]))
        matrix[i], matrix[pivot] = matrix[pivot], matrix[i]
        for k in range(n):
            if k != i:
                factor = matrix[k][i] / matrix[i][i]
                matrix[k] = [x - factor * y for x, y in zip(matrix[k], matrix[i])]
    return [matrix[i][n] / matrix[i][i] for i in range(n)]


MEASURES = {"latency": latency, "stall": stall, "prometheus": prometheus, "start": start, "growth": growth, "edits": edits,
            "pipelines": pipelines, "cores": cores}
