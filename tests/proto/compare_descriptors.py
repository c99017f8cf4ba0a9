#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the .proto files of this folder with the descriptors inside PyPI's opentelemetry-proto.

Exits 0 when every message, field and enum value that they share is the same and the package has no message of OTLP's
traces, metrics or logs that is missing here; 1 with the differences; 77 with the reason when it cannot run.
"""

import importlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

FILES = [
    "opentelemetry/proto/common/v1/common.proto",
    "opentelemetry/proto/resource/v1/resource.proto",
    "opentelemetry/proto/trace/v1/trace.proto",
    "opentelemetry/proto/metrics/v1/metrics.proto",
    "opentelemetry/proto/logs/v1/logs.proto",
    "opentelemetry/proto/collector/trace/v1/trace_service.proto",
    "opentelemetry/proto/collector/metrics/v1/metrics_service.proto",
    "opentelemetry/proto/collector/logs/v1/logs_service.proto",
]


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def describe(file):
    """The schema of a FileDescriptorProto as a dictionary of names to everything that decides the encoding."""
    facts = {}

    def add_enum(prefix, enum):
        for value in enum.value:
            facts[f"{prefix}{enum.name}.{value.name}"] = ("enum value", value.number)

    def add_message(prefix, message):
        name = f"{prefix}{message.name}."
        facts[name] = ("message",)
        for field in message.field:
            oneof = None
            if field.HasField("oneof_index") and not field.proto3_optional:
                oneof = message.oneof_decl[field.oneof_index].name
            facts[name + field.name] = (
                "field", field.number, field.type, field.label, field.type_name, field.proto3_optional, oneof,
            )
        for enum in message.enum_type:
            add_enum(name, enum)
        for nested in message.nested_type:
            add_message(name, nested)

    prefix = f"{file.package}."
    for message in file.message_type:
        add_message(prefix, message)
    for enum in file.enum_type:
        add_enum(prefix, enum)
    for service in file.service:
        for method in service.method:
            facts[f"{prefix}{service.name}.{method.name}"] = (
                "method", method.input_type, method.output_type, method.client_streaming, method.server_streaming,
            )
    return facts


def main():
    if shutil.which("protoc") is None:
        skip("protoc is not installed")
    try:
        from google.protobuf import descriptor_pb2
        published_modules = [importlib.import_module(f[: -len(".proto")].replace("/", ".") + "_pb2") for f in FILES]
    except ImportError as error:
        skip(f"the Python package opentelemetry-proto is not installed ({error})")

    folder = pathlib.Path(__file__).resolve().parent
    with tempfile.NamedTemporaryFile(suffix=".binpb") as out:
        subprocess.run(
            ["protoc", f"-I{folder}", f"--descriptor_set_out={out.name}", *FILES], check=True, cwd=folder
        )
        ours_set = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())

    ours = {}
    for file in ours_set.file:
        ours.update(describe(file))
    published = {}
    for module in published_modules:
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        published.update(describe(file))

    problems = []
    for name in sorted(published.keys() - ours.keys()):
        problems.append(f"missing here: {name} {published[name]}")
    # The package may be older than the specification: what only we have is told, and is no difference.
    newer = sorted(ours.keys() - published.keys())
    for name in sorted(published.keys() & ours.keys()):
        if published[name] != ours[name]:
            problems.append(f"differs: {name}: here {ours[name]}, published {published[name]}")
    for name in newer:
        print(f"not in the installed package: {name}")
    for problem in problems:
        print(problem)
    print(f"{len(published)} names compared, {len(problems)} differences")
    return 1 if problems or not published else 0


if __name__ == "__main__":
    sys.exit(main())
