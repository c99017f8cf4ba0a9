// SPDX-License-Identifier: Apache-2.0
// Several sources to one tree.
#include "core/config/merge.h"

#include <catch2/catch.hpp>

#include "core/config/print.h"
#include "core/config/testing.h"
#include "core/config/yaml_reader.h"

namespace sluice::config::testing {
namespace {

struct Gathered {
  Sources sources;
  Diagnostics diagnostics;
  Node root;
  bool good;

  Gathered(FakeEnvironment world, std::vector<std::string> configs, std::vector<std::string> sets = {})
      : good(gather(configs, sets, world, sources, diagnostics, root)) {}
  // The tree in flow style.
  static std::string flow(const Node& node) {
    std::string out = node.is_map() ? "{" : node.is_list() ? "[" : node.kind == NodeKind::null ? "~" : node.text;
    for (const Node& child : node.children)
      out += (&child == node.children.data() ? "" : ", ") + (node.is_map() ? child.key + ": " : "") + flow(child);
    return out + (node.is_map() ? "}" : node.is_list() ? "]" : "");
  }
  std::string all() const { return flow(root); }
  std::string said() const { return render(diagnostics, sources, {}, {}); }
};

FakeEnvironment world(std::map<std::string, std::string> files) {
  FakeEnvironment environment;
  environment.files = std::move(files);
  return environment;
}

TEST_CASE("merge: maps deep, all else is replaced, {} changes nothing, null replaces", "[config][merge]") {
  const FakeEnvironment files = world({{"a", "m: {x: 1, y: {z: 2}}\nl: [1, 2]\ns: text\nn: {k: 1}\ne: {k: 1}\n"},
                                       {"b", "m: {y: {w: 3}}\nl: [9]\ns: {now: map}\nn:\ne: {}\n"}});
  CHECK(Gathered(files, {"a", "file:b"}).all() ==
        "{m: {x: 1, y: {z: 2, w: 3}}, l: [9], s: {now: map}, n: ~, e: {k: 1}}");
}

TEST_CASE("merge: --set comes last, with dots for levels and YAML for the value", "[config][merge]") {
  const FakeEnvironment files = world({{"a", "p: {batch: {timeout: 1s}}\n"}});
  CHECK(Gathered(files, {"a"}, {"p.batch.timeout=5s", "p.x=[1, {y: 2}]"}).all() ==
        "{p: {batch: {timeout: 5s}, x: [1, {y: 2}]}}");
  CHECK(Gathered(files, {"a"}, {"p.batch=", "p.a::b=1"}).all() == "{p: {batch: ~, a: {b: 1}}}");
  CHECK(Gathered(files, {"a"}, {"p"}).said() ==
        "error: --set p: there is no equal sign; write --set processors.batch.timeout=2s [config.set]\n"
        "1 error, 0 warnings\n");
}

TEST_CASE("merge: keys with :: are paths, but not in lists", "[config][merge]") {
  const FakeEnvironment files = world({{"a", "a::b::c: 1\na: {d: 2}\nl: [{x::y: 1}]\nq: {r::s: 1}\n"}});
  CHECK(Gathered(files, {"a"}).all() == "{a: {d: 2, b: {c: 1}}, l: [{x::y: 1}], q: {r: {s: 1}}}");
  CHECK(Gathered(world({{"a", "a::b: 1\na: {b: 2}\n"}}), {"a"}).diagnostics.all()[0].id == "yaml.duplicate-key");
  CHECK(Gathered(world({{"a", "a::b: 1\na: 5\n"}}), {"a"}).diagnostics.all()[0].id == "yaml.duplicate-key");
  CHECK(Gathered(world({{"a", "a::: 1\n"}}), {"a"}).diagnostics.all()[0].id == "yaml.key");
}

TEST_CASE("merge: env:, yaml: and directories as --config", "[config][merge]") {
  FakeEnvironment files = world({{"d/2.yml", "a: 2\n"}, {"d/1.yaml", "a: 1\nb: 1\n"}, {"d/README", "no"}, {"e/x", ""}});
  files.variables["CONF"] = "a: {b: 1}";
  CHECK(Gathered(files, {"env:CONF", "yaml:a::c: 2"}).all() == "{a: {b: 1, c: 2}}");
  CHECK(Gathered(files, {"d"}).all() == "{a: 2, b: 1}");
  CHECK(Gathered(files, {"e"}).said() ==
        "error: e: there is no *.yaml or *.yml in this directory; add one [config.file]\n1 error, 0 warnings\n");
}

TEST_CASE("merge: sources that cannot be read", "[config][merge]") {
  CHECK(Gathered({}, {}).said() ==
        "error: no configuration is given; name a file with --config [config.file]\n1 error, 0 warnings\n");
  CHECK(Gathered({}, {"nope.yaml"}).said() ==
        "error: cannot read nope.yaml: No such file or directory; check the name and the rights of the file "
        "[config.file]\n1 error, 0 warnings\n");
  CHECK(Gathered({}, {"env:NOPE"}).said() ==
        "error: --config env:NOPE: the variable is not set; set it to a configuration [config.file]\n"
        "1 error, 0 warnings\n");
  CHECK(Gathered({}, {"http://x/y"}).said() ==
        "error: --config http:...: reading a configuration over HTTP is not supported yet; give a file, file:, env: or "
        "yaml: [expand.scheme]\n1 error, 0 warnings\n");
  CHECK(Gathered({}, {"s3:x"}).diagnostics.all()[0].message == "--config s3:...: there is no such scheme");
}

TEST_CASE("merge: an empty configuration, a list, a text", "[config][merge]") {
  CHECK(Gathered(world({{"f", ""}}), {"f"}).said() ==
        "f:1:1: error: the configuration is empty; begin with receivers:, exporters: and service: [config.root]\n"
        "1 error, 0 warnings\n");
  CHECK(Gathered(world({{"f", "# only this\n"}}), {"f"}).diagnostics.all()[0].id == "config.root");
  CHECK(Gathered(world({{"f", "- a\n"}}), {"f"}).said() ==
        "f:1:1: error: a configuration is a map, this is a list; begin with receivers:, exporters: and service: "
        "[config.root]\n  1 | - *\n    | ^\n1 error, 0 warnings\n");
  CHECK(Gathered(world({{"f", "text"}}), {"f"}).diagnostics.all()[0].message ==
        "a configuration is a map, this is a single value");
}

TEST_CASE("merge: each broken file has its own first error", "[config][merge]") {
  const Gathered both(world({{"a", "x: [\n"}, {"b", "y: {\n"}}), {"a", "b"});
  CHECK_FALSE(both.good);
  CHECK(both.diagnostics.all().size() == 2);
}

TEST_CASE("merge: maps of many keys are merged in time that grows with them", "[config][merge]") {
  std::string one, other;
  for (int i = 0; i < 40'000; ++i) {
    one += "a" + std::to_string(i) + ": 1\n";
    other += "a" + std::to_string(i * 2) + ": 2\n";
  }
  const Gathered both(world({{"a", one}, {"b", other}}), {"a", "b"});
  CHECK(both.root.children.size() == 60'000);
}

TEST_CASE("scheme_of: two letters at least, so that drives are files", "[config][merge]") {
  CHECK(scheme_of("file:x") == "file");
  CHECK(scheme_of("C:\\x") == "");
  CHECK(scheme_of("x") == "");
  CHECK(scheme_of("1ab:x") == "");
  CHECK(scheme_of("a b:x") == "");
}

}  // namespace
}  // namespace sluice::config::testing
