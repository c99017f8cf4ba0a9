// SPDX-License-Identifier: Apache-2.0
// Expansion: upstream's vectors, asked of settings of each type, and every mistake.
#include "core/config/expand.h"

#include <catch2/catch.hpp>

#include "core/config/check.h"
#include "core/config/merge.h"
#include "core/config/testing.h"
#include "core/config/yaml_reader.h"

namespace sluice::config::testing {
namespace {

FakeEnvironment environment() {
  FakeEnvironment e;
  e.variables = {{"HOSTV", "db1"},
                 {"NUM", "0123"},
                 {"FLAG", "true"},
                 {"LST", "[a, b]"},
                 {"ESC", "x$$y"},
                 {"NAME", "HOSTV"},
                 {"NEST", "${env:HOSTV}-1"},
                 {"EMPTY", ""},
                 {"MAP", "{k: v}"},
                 {"QUOTED", "\"q\" # c"},
                 {"BLANK", " b "},
                 {"EXP", "1e3"},
                 {"BAD", "a: [b"},
                 {"DEEP", "[\"${env:HOSTV}\", {x: \"${env:NUM}\"}]"},
                 {"SELF", "${env:SELF}"},
                 {"A", "x${env:B}"},
                 {"B", "${env:A}"}};
  e.files = {{"t.txt", "line\n"}, {"part.yaml", "k: ${env:HOSTV}\n"}, {"name", "HOSTV\n"}};
  return e;
}

struct Expanded {
  Sources sources;
  Diagnostics diagnostics;
  Node root;
  FakeEnvironment world = environment();

  explicit Expanded(const std::string& value, bool quoted = true) {
    std::string text = "v: " + value + "\n";
    if (quoted) {
      text = "v: '" + value + "'\n";
    }
    const uint32_t source = sources.add(Origin::file, "f.yaml", text);
    REQUIRE(read_yaml(sources, source, diagnostics, root));
    expand(root, world, sources, diagnostics);
  }
  const Node& value() const { return root.children[0]; }
  std::string ids() const {
    std::string all;
    for (const Diagnostic& d : diagnostics.all()) all += d.id + ' ';
    return all;
  }
};

std::string text(const std::string& value) {
  const Expanded expanded(value);
  CHECK(expanded.diagnostics.errors() == 0);
  return expanded.value().text;
}

TEST_CASE("expand: upstream's vectors", "[config][expand]") {
  CHECK(Expanded("${env:NUM}").value().integer == 83);
  CHECK(Expanded("${env:NUM}", false).value().integer == 83);
  CHECK(text("${env:NUM}") == "0123");
  CHECK(text("n=${env:NUM}") == "n=0123");
  CHECK(Expanded("${env:FLAG}").value().kind == NodeKind::boolean);
  CHECK(text("${env:FLAG}") == "true");
  CHECK(Expanded("${env:LST}").value().children.size() == 2);
  CHECK(text("${env:LST}") == "[a, b]");
  CHECK(text("x-${env:LST}") == "x-[a, b]");
  CHECK(text("${env:ESC}") == "x$y");
  CHECK(text("${env:NEST}") == "db1-1");
  CHECK(text("${env:${env:NAME}}") == "db1");
  CHECK(text("$HOSTV") == "$HOSTV");
  CHECK(text("${HOSTV}") == "db1");
  CHECK(text("$${HOSTV}") == "${HOSTV}");
  CHECK(text("$${env:HOSTV}") == "${env:HOSTV}");
  CHECK(text("$$${env:HOSTV}") == "$db1");
  CHECK(text("$$$$a") == "$$a");
  CHECK(text("tail$$") == "tail$");
  CHECK(text("$${env:${env:NAME}}") == "${env:HOSTV}");
  CHECK(text("${env:NOPE:-dflt}") == "dflt");
  CHECK(Expanded("${env:NOPE}").value().kind == NodeKind::null);
  CHECK(Expanded("${env:NOPE}").ids() == "expand.unset-env ");
  for (const char* same : {"a}b", "{x}", "${env:HOSTV"}) CHECK(text(same) == same);
  CHECK(text("${env:HOSTV}}}") == "db1}}");
  CHECK(Expanded("${env:1X}").ids() == "expand.env-name ");
}

TEST_CASE("expand: what a whole value becomes", "[config][expand]") {
  CHECK(text("${env:QUOTED}") == "\"q\" # c");
  CHECK(text("${env:BLANK}") == " b ");
  CHECK(Expanded("${env:EXP}").value().kind == NodeKind::real);
  CHECK(text("${env:EXP}") == "1e3");
  CHECK(Expanded("${env:MAP}").value().find("k")->text == "v");
  CHECK(text("${env:BAD}") == "a: [b");
  CHECK(Expanded("${env:EMPTY}").value().kind == NodeKind::null);
  CHECK(Expanded("${env:EMPTY}").ids() == "");
  CHECK(Expanded("${env:NOPE:-}").ids() == "");
  CHECK(Expanded("${env:NOPE:-5}").value().integer == 5);
  CHECK(text("a${env:EMPTY}b") == "ab");
  CHECK(text("a${env:HOSTV}b${env:HOSTV}") == "adb1bdb1");
  CHECK(Expanded("${yaml:[1, 2]}").value().children.size() == 2);
  CHECK(Expanded("${yaml:a::b: 1}").value().find("a")->find("b")->integer == 1);
  CHECK(text("${file:t.txt}") == "line");
  CHECK(text("${env:${file:name}}") == "db1");
  CHECK(Expanded("${file:part.yaml}").value().find("k")->text == "db1");
  CHECK(text("${env:DEEP}") == "[\"db1\", {x: \"0123\"}]");
  CHECK(Expanded("${env:DEEP}").value().children[1].find("x")->integer == 83);
  // Upstream replaces both here.
  CHECK(text("$${HOSTV} ${HOSTV}") == "${HOSTV} db1");
}

TEST_CASE("expand: keys are left alone, values of all depths are not", "[config][expand]") {
  Sources sources;
  Diagnostics diagnostics;
  Node root;
  FakeEnvironment world = environment();
  read_yaml(sources, sources.add(Origin::file, "f", "\"${HOSTV}\": [{a: \"${HOSTV}\"}]\n"), diagnostics, root);
  expand(root, world, sources, diagnostics);
  CHECK(root.children[0].key == "${HOSTV}");
  CHECK(root.children[0].children[0].find("a")->text == "db1");
}

TEST_CASE("expand: mistakes, one error each, and the value is not looked at again", "[config][expand]") {
  CHECK(Expanded("${env:}").ids() == "expand.env-name ");
  CHECK(Expanded("${}").ids() == "expand.env-name ");
  CHECK(Expanded("${foo:x}").ids() == "expand.scheme ");
  CHECK(Expanded("${HOST:-x}").ids() == "expand.scheme ");
  CHECK(Expanded("${http://x}").ids() == "expand.scheme ");
  CHECK(Expanded("${a b:c}").ids() == "expand.scheme ");
  CHECK(Expanded("${file:nope}").ids() == "expand.file ");
  CHECK(Expanded("${env:$X}").ids() == "expand.dollar ");
  CHECK(Expanded("${env:SELF}").ids() == "expand.cycle ");
  CHECK(Expanded("${env:A}").ids() == "expand.cycle ");
  CHECK(Expanded("${env:A}").value().broken);
}

TEST_CASE("expand: limits of rounds, size and levels", "[config][expand]") {
  std::string lots;
  for (int i = 0; i < 1001; ++i) lots += "${HOSTV}";
  CHECK(Expanded(lots).ids() == "expand.cycle ");

  Sources sources;
  Diagnostics diagnostics;
  Node root;
  FakeEnvironment world;
  world.variables["BIG"] = std::string(600'000, 'x');
  for (int i = 0; i < 9; ++i) {
    std::string level = "[";
    for (int j = 0; j < 10; ++j) level += "\"${env:L" + std::to_string(i - 1) + "}\",";
    world.variables["L" + std::to_string(i)] = i == 0 ? "[1,2,3,4,5,6,7,8,9,10]" : level + "]";
  }
  const std::string text = "a: \"${BIG}${BIG}\"\nb: \"${L8}\"\n";
  read_yaml(sources, sources.add(Origin::file, "f", text), diagnostics, root);
  expand(root, world, sources, diagnostics);
  REQUIRE(diagnostics.all().size() >= 2);
  CHECK(diagnostics.all()[0].id == "expand.cycle");
  CHECK(diagnostics.all()[0].message == "the value grows beyond 1 MiB");
  CHECK(diagnostics.all()[1].id == "yaml.too-large");
}

TEST_CASE("expand: a file that includes itself, with the whole way", "[config][expand]") {
  FakeEnvironment world;
  world.files["inc.yaml"] = "timeout: ${file:more.yaml}\n";
  world.files["more.yaml"] = "- ${file:inc.yaml}\n";
  const std::string text = said(kGood, world, {"processors.batch=${file:inc.yaml}"});
  CHECK(text ==
        "${file:more.yaml}:1:3: error: processors::batch::timeout[0]: ${file:inc.yaml} contains itself; remove one of "
        "the ${..} that lead back to it [expand.cycle]\n"
        "  1 | - ****************\n"
        "    |   ^^^^^^^^^^^^^^^^\n"
        "  ${file:inc.yaml}:1:10: from here\n"
        "  --set processors.batch=${file:inc.yaml}:1:1: from here\n");
}

TEST_CASE("expand: as the user sees an unset variable and a bad one", "[config][expand]") {
  CHECK(said(kGood, {}, {"processors.batch.timeout=${env:NOPE}"}) ==
        "--set processors.batch.timeout=${env:NOPE}:1:1: warning: processors::batch::timeout: the variable NOPE is not "
        "set and counts as empty; set it, or give a default: ${env:NOPE:-...} [expand.unset-env]\n"
        "  1 | ${env:NOPE}\n"
        "    | ^^^^^^^^^^^\n");
  CHECK(said(kGood, {}, {"processors.batch.timeout=${HOST:-1s}"}) ==
        "--set processors.batch.timeout:1:1: error: processors::batch::timeout: ${HOST:-..} has no scheme; a default "
        "needs it: ${env:HOST:-...} [expand.scheme]\n"
        "  1 | ${HOST:-1s}\n"
        "    | ^^^^^^^^^^^\n");
}

}  // namespace
}  // namespace sluice::config::testing
