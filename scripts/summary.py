#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up the JUnit files of one run of scripts/test.

    summary.py <folder> [<failed step>...]

Prints every failed test and every skipped one with its reason, then one line: `N passed, N failed, N skipped`.
A step that failed without leaving a failed test behind (it did not build, say) counts as one failure.
"""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def read(path):
    """Yields (name, outcome, reason) of each test of one file; outcome is passed, failed or skipped."""
    for case in ElementTree.parse(path).iter("testcase"):
        name = case.get("name", "?")
        if path.stem == "python":
            name = f"{case.get('classname', '')}.{name}"
        skipped = case.find("skipped")
        broken = case.find("failure")
        if broken is None:
            broken = case.find("error")
        if broken is not None:
            yield name, "failed", (broken.get("message") or "").strip()
        elif skipped is not None:
            yield name, "skipped", (skipped.get("message") or "").strip()
        else:
            yield name, "passed", ""


def main(folder, failed_steps):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sorted(pathlib.Path(folder).glob("*.xml")):
        for name, outcome, reason in read(path):
            count[outcome] += 1
            if outcome != "passed":
                first_line = reason.splitlines()[0] if reason else "its output is above"
                print(f"{outcome}: {path.stem}: {name}: {first_line}")
    for step in failed_steps:
        print(f"failed step: {step}")
    count["failed"] = max(count["failed"], len(failed_steps))
    if count["passed"] == 0 and count["failed"] == 0:
        print("failed: no test ran")
        count["failed"] = 1
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
