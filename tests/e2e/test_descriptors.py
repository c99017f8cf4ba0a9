# SPDX-License-Identifier: Apache-2.0
"""The .proto files that the wire tests are generated from say what the published opentelemetry-proto says."""
import subprocess
import sys

from harness import collector as process


def test_our_schema_is_the_published_one():
    result = subprocess.run([sys.executable, process.ROOT / "tests/proto/compare_descriptors.py"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    assert result.returncode == 0, result.stdout
