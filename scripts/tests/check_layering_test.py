# SPDX-License-Identifier: Apache-2.0
"""The include check finds each kind of forbidden include, and lets the allowed ones pass."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import check_layering  # noqa: E402


class LayeringTest(unittest.TestCase):
    def found(self, name, *includes):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text("".join(f"#include {include}\n" for include in includes))
            return list(check_layering.problems(root, [name]))

    def test_component_must_not_include_the_core(self):
        self.assertEqual(self.found("receivers/otlp/component.cc", "<vector>", '"core/base/clock.h"'),
                         ["receivers/otlp/component.cc:2: receivers/otlp must not include core/base/clock.h"])

    def test_component_must_not_include_another_component(self):
        self.assertEqual(len(self.found("receivers/otlp/component.cc", '"receivers/nop/config.h"')), 1)
        self.assertEqual(len(self.found("receivers/otlp/component.cc", '"exporters/debug/config.h"')), 1)
        self.assertEqual(self.found("receivers/otlp/component.cc", '"receivers/otlp/config.h"'), [])

    def test_core_must_not_include_a_component_or_an_upper_part(self):
        self.assertEqual(len(self.found("core/app/main.cc", '"receivers/otlp/config.h"')), 1)
        self.assertEqual(len(self.found("core/base/clock.cc", '"core/graph/graph.h"')), 1)
        self.assertEqual(self.found("core/app/main.cc", '"core/graph/graph.h"'), [])

    def test_single_files_can_be_allowed(self):
        self.assertEqual(self.found("core/config/check.cc", '"plugins/sdk/settings.h"'), [])
        self.assertEqual(len(self.found("core/config/check.cc", '"plugins/sdk/exporter.h"')), 1)

    def test_border_and_wire_include_nothing_of_the_project(self):
        self.assertEqual(len(self.found("plugins/wire/check.h", '"plugins/abi/sluice_plugin.h"')), 1)
        self.assertEqual(len(self.found("plugins/abi/sluice_plugin.h", '"plugins/wire/check.h"')), 1)

    def test_libraries_stay_in_their_parts(self):
        self.assertEqual(len(self.found("core/config/expand.cc", "<yaml-cpp/yaml.h>")), 1)
        self.assertEqual(self.found("core/config/yaml_reader.cc", "<yaml-cpp/yaml.h>"), [])
        self.assertEqual(len(self.found("core/graph/graph.cc", "<grpcpp/grpcpp.h>")), 1)
        self.assertEqual(self.found("plugins/net/grpc_server.cc", "<grpcpp/grpcpp.h>"), [])

    def test_tests_may_use_the_test_kit(self):
        self.assertEqual(self.found("core/graph/graph_test.cc", '"plugins/testing/fake_host.h"'), [])
        self.assertEqual(len(self.found("core/graph/graph.cc", '"plugins/testing/fake_host.h"')), 1)

    def test_a_file_outside_of_the_table_is_a_problem(self):
        self.assertEqual(len(self.found("misc/tool.cc", "<vector>")), 1)


if __name__ == "__main__":
    unittest.main()
