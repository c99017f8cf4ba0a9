# SPDX-License-Identifier: Apache-2.0
"""Each check of scripts/check finds a thing that it is there to find, in a small tree made for it."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
_loader = importlib.machinery.SourceFileLoader("check", str(SCRIPTS / "check"))
check = importlib.util.module_from_spec(importlib.util.spec_from_loader("check", _loader))
_loader.exec_module(check)

HEAD = "// SPDX-License-Identifier: Apache-2.0\n// Made for a test.\n"


class CheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        check.ROOT, root = self.root, check.ROOT
        self.addCleanup(lambda: setattr(check, "ROOT", root))

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        subprocess.run(["git", "-C", self.root, "add", name], check=True)
        return path

    def found(self, function, build=None):
        return list(function(build))

    def test_format(self):
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("core/good.cc", HEAD + "int f() { return 1; }\n")
        self.assertEqual(self.found(check.check_format), [])
        self.write("core/bad.cc", HEAD + "int  f( ) {return 1;}\n")
        self.assertEqual(len(self.found(check.check_format)), 1)

    def test_heads(self):
        self.write("core/good.cc", HEAD)
        self.assertEqual(self.found(check.check_heads), [])
        self.write("core/no_licence.h", "// Made for a test.\n")
        self.write("core/no_sentence.h", "// SPDX-License-Identifier: Apache-2.0\n#include <vector>\n")
        self.assertEqual(len(self.found(check.check_heads)), 2)

    def test_length(self):
        self.write("core/long.cc", HEAD + "\n" * 600)
        self.assertEqual(len(self.found(check.check_length)), 1)

    def test_links(self):
        self.write("core/flow/queue.h", HEAD)
        self.write("docs/good.md", "[there](../core/flow/queue.h) `core/flow/queue` `core/flow/` `a/b` [web](https://example.com/x)\n")
        self.assertEqual(self.found(check.check_links), [])
        self.write("docs/bad.md", "[gone](nowhere.md) `core/flow/gone.cc`\n")
        self.assertEqual(len(self.found(check.check_links)), 2)

    def test_includes(self):
        self.write("exporters/debug/component.cc", HEAD + '#include "core/base/clock.h"\n')
        self.assertEqual(len(self.found(check.check_includes)), 1)

    def test_abi_header(self):
        self.write("plugins/abi/good.h", HEAD.replace("//", "/*").replace("\n", " */\n") + "struct good { int a; int b; };\n")
        self.assertEqual(self.found(check.check_abi_header), [])
        self.write("plugins/abi/padded.h", "struct padded { char a; long b; };\n")
        self.assertTrue(any("padded" in line for line in self.found(check.check_abi_header)))
        self.write("plugins/abi/padded.h", "struct cpp { bool a; };\n")
        self.assertTrue(any("c11" in line for line in self.found(check.check_abi_header)))

    def test_symbols(self):
        source = self.write("plugin.c", "int sluice_plugin_entry_v0; int leaked;\n")
        plugins = self.root / "build/lib/sluice/plugins"
        plugins.mkdir(parents=True)
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", plugins / "exporter_bad.so", source], check=True)
        self.assertEqual(len(self.found(check.check_symbols, self.root / "build")), 1)
        subprocess.run(["gcc", "-shared", "-fPIC", "-fvisibility=hidden", "-Dsluice_plugin_entry_v0="
                        "__attribute__((visibility(\"default\"))) sluice_plugin_entry_v0",
                        "-o", plugins / "exporter_bad.so", source], check=True)
        self.assertEqual(self.found(check.check_symbols, self.root / "build"), [])

    def test_readmes(self):
        binary = self.write("build/bin/sluice", "#!/bin/sh\nprintf '## exporter '$2'\n\n| key | default |\\n|---|---|\\n| timeout | 5s |\\n'\n")
        binary.chmod(0o755)
        self.write("exporters/good/CMakeLists.txt", "")
        self.write("exporters/good/README.md", "# good\n\n## Settings\n\n| key | default |\n|---|---|\n| timeout | 5s |\n\n## More\n| a |\n")
        self.assertEqual(self.found(check.check_readmes, self.root / "build"), [])
        self.write("exporters/old/CMakeLists.txt", "")
        self.write("exporters/old/README.md", "# old\n\n## Settings\n\n| key | default |\n|---|---|\n| timeout | 6s |\n")
        self.write("exporters/silent/CMakeLists.txt", "")
        self.assertEqual(len(self.found(check.check_readmes, self.root / "build")), 2)

    def test_tidy(self):
        self.write(".clang-tidy", "Checks: '-*,readability-identifier-naming'\nWarningsAsErrors: '*'\n"
                   "CheckOptions: [{key: readability-identifier-naming.FunctionCase, value: lower_case}]\n")
        source = self.write("core/bad.cc", HEAD + "int WrongName() { return 1; }\n")
        self.write("build/asan/compile_commands.json",
                   f'[{{"directory": "{self.root}", "file": "{source}", "command": "g++ -c {source}"}}]')
        self.assertEqual(len(self.found(check.check_tidy)), 1)

    def test_instructions(self):
        self.write("build/benchmarks/plugins/receiver_replay.so", "")
        script = self.write("benchmarks/instructions", "#!/bin/sh\nexit 0\n")
        script.chmod(0o755)
        self.assertEqual(self.found(check.check_instructions, self.root / "build"), [])
        script.write_text("#!/bin/sh\necho 'traces: 30.0 instructions an item'\nexit 1\n")
        self.assertEqual(self.found(check.check_instructions, self.root / "build"), ["traces: 30.0 instructions an item"])


if __name__ == "__main__":
    unittest.main()
