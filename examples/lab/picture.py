#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws one picture from Prometheus' own answers: request rate, latency and errors, by page.

    picture.py <url of Prometheus> <begin> <end> <file.png>     times in seconds since 1970
"""
import datetime
import json
import sys
import urllib.parse
import urllib.request

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates as dates  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

WINDOW = "15s"
COLOURS = {"/hello": "#2a6fbb", "/slow": "#c46a1b", "/error": "#b3263a"}
PANELS = [  # title, expression, scale
    ("Requests a second", f"sum by (route) (rate(app_http_requests_total[{WINDOW}]))", "linear"),
    ("99th percentile of the answer, seconds",
     f"histogram_quantile(0.99, sum by (route, le) (rate(app_http_request_duration_seconds_bucket[{WINDOW}])))", "log"),
    ("Errors a second", f'sum by (route) (rate(app_http_requests_total{{status=~"5.."}}[{WINDOW}]))', "linear"),
]


def query(url, expression, begin, end):
    """{route: ([time, ...], [number, ...])} of a range query."""
    parameters = urllib.parse.urlencode({"query": expression, "start": begin, "end": end, "step": max((end - begin) / 300, 1)})
    with urllib.request.urlopen(f"{url}/api/v1/query_range?{parameters}", timeout=30) as answer:
        series = json.load(answer)["data"]["result"]
    found = {}
    for one in series:
        points = [(datetime.datetime.fromtimestamp(float(at)), float(value)) for at, value in one["values"] if value != "NaN"]
        if points:
            found[one["metric"].get("route", "")] = tuple(zip(*points))
    return found


def draw(url, begin, end, file):
    figure, axes = plt.subplots(len(PANELS), 1, sharex=True, figsize=(10, 8), dpi=120, layout="constrained")
    figure.suptitle("The lab: sample application → Sluice → Prometheus", x=0.01, ha="left", fontsize=14)
    empty = True
    for axis, (title, expression, scale) in zip(axes, PANELS):
        axis.set_title(title, loc="left", fontsize=11)
        axis.text(1, 1.03, expression, transform=axis.transAxes, ha="right", fontsize=6.5, color="#777777", family="monospace")
        for route, (times, numbers) in sorted(query(url, expression, begin, end).items()):
            empty = False
            axis.plot(times, numbers, color=COLOURS.get(route, "#555555"), linewidth=1.8, label=route)
        if axis.lines:
            axis.legend(loc="upper left", frameon=False, ncols=len(axis.lines), fontsize=9)
        axis.set_yscale(scale)
        low, high = axis.get_ylim()
        axis.set_ylim(*((0, high * 1.2) if scale == "linear" else (low, high * 4)))  # room for the legend
        axis.yaxis.set_major_formatter(lambda number, _: f"{number:g}")
        axis.grid(axis="y", color="#e4e4e4")
        axis.spines[["top", "right"]].set_visible(False)
    axes[-1].xaxis.set_major_formatter(dates.DateFormatter("%H:%M:%S"))
    if empty:
        sys.exit(f"{url} has no app_... series between {begin} and {end}")
    figure.savefig(file)


if __name__ == "__main__":
    draw(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
