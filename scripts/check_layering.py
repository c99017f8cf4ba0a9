#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which part of the tree may include which: the table, and the few lines that hold every #include against it.

Arrows point one way: components use plugins/, the core uses the border's header, the wire views and the settings API.
No component includes the core or another component; the core includes no component and no network library.
A file that is only for tests (foo_test.cc, testing.h) may use, besides, what TEST_EXTRAS says for its part.
"""
import re

# Part -> the parts it may include besides itself. A part is the longest entry that a file's path begins with.
ALLOWED = {
    "plugins/abi": [],
    "plugins/wire": [],
    "plugins/sdk": ["plugins/abi", "plugins/wire"],
    "plugins/formats": ["plugins/wire", "plugins/sdk"],
    "plugins/net": ["plugins/abi", "plugins/wire", "plugins/sdk", "plugins/formats"],
    "plugins/testing": ["plugins/abi", "plugins/wire", "plugins/sdk", "plugins/formats", "plugins/net"],
    "plugins/template": ["plugins/abi", "plugins/wire", "plugins/sdk"],
    "core/base": ["plugins/abi", "plugins/sdk/available_memory.h"],
    "core/config": ["core/base", "plugins/abi", "plugins/sdk/settings.h"],
    "core/batch": ["core/base", "core/flow/budget.h", "plugins/abi", "plugins/wire"],
    "core/flow": ["core/base", "core/config/delivery.h", "plugins/abi"],
    "core/telemetry": ["core/base", "core/config", "core/flow", "plugins/abi", "plugins/sdk/settings.h"],
    "core/loader": ["core/base", "core/config", "core/batch", "core/flow", "core/telemetry", "plugins/abi"],
    "core/graph": ["core/base", "core/config", "core/batch", "core/flow", "core/telemetry", "core/loader", "plugins/abi",
                   "plugins/wire", "plugins/sdk/settings.h"],
    "core/app": ["core", "plugins/abi", "plugins/wire", "plugins/sdk/settings.h"],
    "receivers": ["plugins"], "processors": ["plugins"], "connectors": ["plugins"],
    "exporters": ["plugins"], "extensions": ["plugins"],
    "examples": ["plugins"],
    "benchmarks": ["plugins", "core"],
    "tests": ["plugins", "core", "receivers", "processors", "connectors", "exporters", "extensions"],
    "cmake": [],
}

# Folders whose subfolders are parts of their own: one component never includes another.
COMPONENTS = ("receivers", "processors", "connectors", "exporters", "extensions")

# What the tests of a part may include besides.
TEST_EXTRAS = {
    "plugins": ["plugins", "core/config"],  # plugins/testing checks a component's settings with the host's own checker
    "core": ["core", "plugins", "tests"],
    "receivers": ["tests"], "processors": ["tests"], "connectors": ["tests"], "exporters": ["tests"],
    "extensions": ["tests"],
}

# Libraries from outside: header prefix -> the parts (or files) that may use it.
LIBRARIES = {
    "yaml-cpp/": ["core/config/yaml_reader.cc"],
    "grpc": ["plugins/net", "receivers", "exporters", "extensions", "benchmarks"],
    "curl/": ["plugins/net", "exporters"],
    "openssl/": ["plugins/formats/attributes", "plugins/net", "receivers", "exporters", "extensions"],
    "simdjson": ["plugins/formats"],
    "google/protobuf": ["plugins/net"],
    "CLI/": ["core/app", "benchmarks"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def within(path, part):
    return path == part or path.startswith(part + "/")


def part_of(path):
    fits = [part for part in ALLOWED if within(path, part)]
    part = max(fits, key=len, default=None)
    if part in COMPONENTS:
        return "/".join(path.split("/")[:2])
    return part


def allowed_for(path, part):
    allowed = [part] + ALLOWED[part.split("/")[0] if part.startswith(COMPONENTS) else part]
    if is_test(path):
        top = path.split("/")[0]
        allowed = allowed + TEST_EXTRAS.get(top, [])
    return allowed


def is_test(path):
    return (path.endswith(("_test.cc", "_fuzz.cc", "_benchmark.cc", "/testing.h", "/testing.cc", "_for_tests.h"))
            or path.startswith("tests/"))


def problems(root, names):
    """Yields one line for every include that the tables forbid."""
    tops = {part.split("/")[0] for part in ALLOWED}
    for name in names:
        part = part_of(name)
        if part is None:
            yield f"{name}: no part of the table: add it to scripts/check_layering.py"
            continue
        for number, line in enumerate((root / name).read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quote, included = match.groups()
            own = quote == '"' and included.split("/")[0] in tops and "/" in included
            if own and not any(within(included, part_allowed) for part_allowed in allowed_for(name, part)):
                yield f"{name}:{number}: {part} must not include {included}"
            if (not own and quote == '"' and part not in ("plugins/template", "examples")  # built outside of this tree
                    and (root / name).parent.joinpath(included).exists()):
                yield f'{name}:{number}: write the path from the root of the tree: "{included}"'
            users = next((parts for prefix, parts in LIBRARIES.items() if included.startswith(prefix)), None)
            if not own and users is not None and not is_test(name) and not any(within(name, user) for user in users):
                yield f"{name}:{number}: only {', '.join(users)} may include <{included}>"
