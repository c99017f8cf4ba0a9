# SPDX-License-Identifier: Apache-2.0
"""Reads PromQL and Prometheus' rules out of a text that explains them: pages in which code stands between prose, unfenced.

Four forms of an expression are known: `expr:` of a rule, `"expr":` of a dashboard, `query=` of a URL, and lines of PromQL as such.
"""
import json
import re
import urllib.parse

_OPERATOR = re.compile(r"\s*(?:[-+*/%^]|[<>=!]=?|(?:and|or|unless|on|ignoring|by|without)\b)", re.IGNORECASE)
_ENDS_OPEN = re.compile(r"(?:[-+*/%^<>=,({\[]|\b(?:and|or|unless))\s*$", re.IGNORECASE)


def expressions(text, naming):
    """Every expression that has a word beginning with `naming`, once, in order; a word that belongs to none is an AssertionError."""
    lines = text.splitlines()
    used = [False] * len(lines)
    found = []

    def take(first, last, expression):
        used[first:last + 1] = [True] * (last + 1 - first)
        if re.search(rf"\b{naming}", expression):
            found.append((first, expression.strip()))

    for number, line in enumerate(lines):
        for quoted in re.findall(r'"expr"\s*:\s*("(?:[^"\\]|\\.)*")', line):
            take(number, number, json.loads(quoted))
        for query in re.findall(r"[?&]query=([^'\"\s&]+)", line):
            take(number, number, urllib.parse.unquote(query))
        if rule := re.match(r"(\s*)expr:\s*(.*)", line):
            last = _end_of_block(lines, number, len(rule[1])) if rule[2].startswith("|") else number
            take(number, last, "\n".join(lines[number + 1:last + 1]) if last > number else rule[2])
    for number, line in enumerate(lines):
        if not used[number] and re.search(rf"\b{naming}", line):
            first, last = _statement(lines, used, number)
            take(first, last, "\n".join(lines[first:last + 1]))
    assert not [line for line, taken in zip(lines, used) if re.search(rf"\b{naming}", line) and not taken]
    return list(dict.fromkeys(expression for _, expression in sorted(found)))


def rule_files(text):
    """The text of one rule file for each `groups:` of a text, and one for all alerts that stand outside of groups."""
    lines = text.splitlines()
    files, alerts, number = [], [], 0
    while number < len(lines):
        last = _end_of_block(lines, number, 0)
        if lines[number].rstrip() == "groups:":
            files.append("\n".join(lines[number:last + 1]) + "\n")
        elif lines[number].startswith("- alert:"):
            alerts += ["    " + line for line in lines[number:last + 1]]
        number = last + 1
    if alerts:
        files.append("\n".join(["groups:", "  - name: loose", "    rules:", *alerts]) + "\n")
    return files


def _end_of_block(lines, first, indent):
    """The last line after `first` that is indented deeper, blank lines in between included."""
    last = first
    for number in range(first + 1, len(lines)):
        if lines[number].strip():
            if len(lines[number]) - len(lines[number].lstrip()) <= indent:
                break
            last = number
    return last


def _statement(lines, used, number):
    """The first and last line of the expression around a line: those that parentheses, operators or indentation join to it."""
    def free(index):
        return 0 <= index < len(lines) and lines[index].strip() and not lines[index].lstrip().startswith("#") and not used[index]

    def joined(first, last):
        """Whether line `last` goes on with the expression that begins at `first`."""
        before = "\n".join(lines[first:last])
        return (sum(before.count(bracket) for bracket in "({[") > sum(before.count(bracket) for bracket in ")}]")
                or _OPERATOR.match(lines[last]) or _ENDS_OPEN.search(lines[last - 1]))

    start = number
    while free(start - 1):
        start -= 1
    first = last = start
    while True:
        while free(last + 1) and joined(first, last + 1):
            last += 1
        if last >= number:
            return first, last
        first = last = last + 1
