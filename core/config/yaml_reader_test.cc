// SPDX-License-Identifier: Apache-2.0
// YAML to a tree: each habit of the library that the reader hides, each limit, each syntax error as it is printed.
#include "core/config/yaml_reader.h"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::config {
namespace {

struct Read {
  Sources sources;
  Diagnostics diagnostics;
  Node root;
  bool good = false;

  explicit Read(std::string text) {
    const uint32_t source = sources.add(Origin::file, "f.yaml", std::move(text));
    good = read_yaml(sources, source, diagnostics, root);
  }
  const Node& at(std::string_view key) const {
    const Node* const node = root.find(key);
    REQUIRE(node);
    return *node;
  }
  // "2:5 yaml.tab", one a line.
  std::string ids() const {
    std::string all;
    for (const Diagnostic& d : diagnostics.all())
      all += std::to_string(d.mark.line) + ':' + std::to_string(d.mark.column) + ' ' + d.id + '\n';
    return all;
  }
};

std::string said(std::string text) {
  const Read read(std::move(text));
  std::string out = render(read.diagnostics, read.sources, {}, {});
  return out.empty() ? out : out.substr(0, out.rfind('\n', out.size() - 2) + 1);
}

std::string place(const Node& node) {
  return std::to_string(node.mark.line) + ':' + std::to_string(node.mark.column);
}

TEST_CASE("yaml: scalars keep their text, type and quotes", "[config][yaml]") {
  const Read read("a: 1_000\nb: '1'\nc: |\n  x\nd: !!str 5\ne: !!int \"5\"\nf: yes\ng: 2024-01-01\nh: !other 'x'\n");
  REQUIRE(read.good);
  CHECK(read.at("a").kind == NodeKind::integer);
  CHECK(read.at("a").integer == 1000);
  CHECK(read.at("a").text == "1_000");
  CHECK(read.at("b").kind == NodeKind::string);
  CHECK(read.at("b").quoted);
  CHECK(read.at("c").text == "x\n");
  CHECK(read.at("c").quoted);
  CHECK(read.at("d").kind == NodeKind::string);
  CHECK(read.at("e").kind == NodeKind::integer);
  CHECK(read.at("f").kind == NodeKind::string);
  CHECK(read.at("g").kind == NodeKind::string);
  CHECK(read.at("h").kind == NodeKind::string);
}

TEST_CASE("yaml: a missing value stands at its key, a written null at itself", "[config][yaml]") {
  const Read read("a: # nothing\nb: ~\nc: null\nd: &x null\n");
  CHECK(place(read.at("a")) == "1:1");
  CHECK_FALSE(read.at("a").written_null);
  CHECK(place(read.at("b")) == "2:4");
  CHECK(read.at("b").written_null);
  CHECK(read.at("c").length == 4);
  CHECK(place(read.at("d")) == "4:7");
}

TEST_CASE("yaml: marks of lists, maps, block scalars and what has an anchor", "[config][yaml]") {
  const Read read("list:\n  - a\n  -\nmap:\n  key: 1\nflow: {a: 1}\nblock: |\n  x\nanchor: &name !!str text\n");
  CHECK(place(read.at("list")) == "2:3");
  CHECK(place(read.at("list").children[1]) == "2:3");
  CHECK(place(read.at("map")) == "5:3");
  CHECK(read.at("map").length == 3);
  CHECK(place(read.at("flow")) == "6:7");
  CHECK(place(read.at("block")) == "7:8");
  CHECK(place(read.at("anchor")) == "9:21");
}

TEST_CASE("yaml: columns are bytes, printed as characters; a byte order mark counts for nothing", "[config][yaml]") {
  const Read read("\xEF\xBB\xBF\"\xC3\xA4\": {x: 1, x: 2}\n");
  CHECK(read.ids() == "1:14 yaml.duplicate-key\n");
  CHECK(
      said("\xEF\xBB\xBF\"\xC3\xA4\": {x: 1, x: 2}\n") ==
      "f.yaml:1:13: error: \xC3\xA4::x: the key stands twice in this map; remove one of the two [yaml.duplicate-key]\n"
      "  1 | \"\xC3\xA4\": {x: *, x: *}\n"
      "    |             ^\n"
      "  f.yaml:1:7: the other one\n");
}

TEST_CASE("yaml: equal keys are an error, the first stays", "[config][yaml]") {
  const Read read("a: 1\nb: 2\na: 3\n");
  CHECK(read.good);
  CHECK(read.ids() == "3:1 yaml.duplicate-key\n");
  CHECK(read.root.children.size() == 2);
  CHECK(read.at("a").integer == 1);
}

TEST_CASE("yaml: keys are texts", "[config][yaml]") {
  CHECK(Read(": 1\nb: 2\n").ids() == "1:1 yaml.key\n");
  CHECK(Read("? [a]\n: 1\n").ids() == "1:3 yaml.key\n");
  CHECK(Read("~: 1\n").ids() == "1:1 yaml.key\n");
  CHECK(Read("1: x\ntrue: y\n").at("1").text == "x");
  CHECK(Read(": 1\nb: 2\n").root.children.size() == 1);
}

TEST_CASE("yaml: merge keys; own keys win, then the maps in their order", "[config][yaml]") {
  const Read read("base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nall: {<<: [*b, *m], x: 0}\none: {<<: *b}\n");
  REQUIRE(read.good);
  CHECK(read.diagnostics.all().empty());
  CHECK(read.at("all").find("x")->integer == 0);
  CHECK(read.at("all").find("y")->integer == 2);
  CHECK(read.at("all").find("z")->integer == 4);
  CHECK_FALSE(read.at("all").find("<<"));
  CHECK(read.at("one").children.size() == 2);
  CHECK(Read("a: {<<: 5}\n").ids() == "1:5 yaml.merge\n");
  CHECK(Read("a: {<<: [5]}\n").ids() == "1:5 yaml.merge\n");
  CHECK(Read("a: {\"<<\": 5}\n").ids() == "");
}

TEST_CASE("yaml: aliases are copies, with the marks of the anchor", "[config][yaml]") {
  const Read read("a: &x {k: 1}\nb: *x\n");
  CHECK(read.at("b").key == "b");
  CHECK(read.at("b").find("k")->integer == 1);
  CHECK(place(read.at("b")) == "1:7");
}

TEST_CASE("yaml: only the first document counts", "[config][yaml]") {
  CHECK(Read("a: 1\n---\nb: 1\n").ids() == "2:1 yaml.second-document\n");
  CHECK(Read("a: 1\n---\nb: [\n").ids() == "2:1 yaml.second-document\n");
  CHECK(Read("---\na: 1\n...\n").ids() == "");
  CHECK(Read("a: 1\n---\n").ids() == "");
  CHECK(Read("").good);
  CHECK(Read("# nothing\n").root.kind == NodeKind::null);
}

TEST_CASE("yaml: limits, one error each", "[config][yaml]") {
  const auto nested = [](size_t levels) { return "a: " + std::string(levels, '[') + std::string(levels, ']'); };
  CHECK(Read(nested(99)).ids() == "");
  CHECK(Read(nested(100)).ids() == "1:103 yaml.too-deep\n");
  CHECK(Read("a: " + std::string(100'000, '[')).ids().ends_with("yaml.too-deep\n"));
  CHECK(Read(std::string((16 << 20) + 1, ' ')).ids() == "1:1 yaml.too-large\n");

  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i ? ", *" : "*") + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  CHECK(Read(bomb).ids() == "6:8 yaml.too-large\n");
  CHECK(
      said(bomb).starts_with("f.yaml:6:8: error: f: more than 200000 values, aliases counted in full; "
                             "use fewer aliases, or split the configuration [yaml.too-large]\n"));

  std::string steps = "a0: &a0 []\n";
  for (int i = 1; i < 120; ++i) {
    const std::string n = std::to_string(i);
    steps += "a" + n + ": &a" + n + " [*a" + std::to_string(i - 1) + "]\n";
  }
  CHECK(Read(steps).ids().ends_with("yaml.too-deep\n"));
}

TEST_CASE("yaml: what is no text", "[config][yaml]") {
  CHECK(said("a: \x80\n") ==
        "f.yaml:1:4: error: the text is not UTF-8 from here on; save the file as UTF-8 [yaml.encoding]\n"
        "  1 | a: \n    |    ^\n");
  CHECK(Read(std::string("a: x\0y\n", 7)).ids() == "1:5 yaml.encoding\n");
  CHECK(Read("a: 1\nb: \x1b[31m\n").ids() == "2:4 yaml.encoding\n");
  CHECK(Read("\xFF\xFE"
             "a")
            .ids() == "1:1 yaml.encoding\n");
  CHECK(Read("a: \xC2\x9B\n").ids() == "1:4 yaml.encoding\n");
  CHECK(Read("a: \xED\xA0\x80\n").ids() == "1:4 yaml.encoding\n");
  CHECK(Read("a: \xF0\x9F\x98\x80\n").good);
}

TEST_CASE("yaml: syntax errors, as they are printed", "[config][yaml]") {
  CHECK(said("receivers:\n\totlp:\n") ==
        "f.yaml:2:1: error: a tab indents this line; YAML allows spaces only; replace the tab by spaces [yaml.tab]\n"
        "  2 |  otlp:\n"
        "    | ^\n");
  CHECK(said("a: \"x\n") ==
        "f.yaml:1:4: error: the quote \" is never closed; put \" at the end of the text [yaml.quote]\n"
        "  1 | a: \"*\n"
        "    |    ^\n");
  CHECK(said("a: {b: 'it''s}\n") ==
        "f.yaml:1:8: error: a: the quote ' is never closed; put ' at the end of the text [yaml.quote]\n"
        "  1 | a: {b: '**''*}\n"
        "    |        ^\n");
  CHECK(said("a: [1, 2\nb: 3\n") ==
        "f.yaml:1:4: error: the bracket [ is not closed; expected \",\" or \"]\" [yaml.unclosed]\n"
        "  1 | a: [1, 2\n"
        "    |    ^\n"
        "  f.yaml:2:2: it was still open here\n");
  CHECK(said("a: {b: 1\n") ==
        "f.yaml:1:4: error: the bracket { is not closed; expected \",\" or \"}\" [yaml.unclosed]\n"
        "  1 | a: {b: 1\n"
        "    |    ^\n"
        "  f.yaml:1:9: it was still open here\n");
  CHECK(said("a: [x, ${env:X}]\n") ==
        "f.yaml:1:8: error: ${..} inside [ ] or { } without quotes is no YAML; put it into double quotes "
        "[yaml.flow-expansion]\n"
        "  1 | a: [*, *{***:*}]\n"
        "    |        ^^\n");
  CHECK(said("a: {b: ${X}}\n").find("[yaml.flow-expansion]") != std::string::npos);
  CHECK(said("a: b: c\n") ==
        "f.yaml:1:5: error: a colon is not allowed here; put a text that has \": \" in it into quotes, or check the "
        "indentation of this line and the one before [yaml.syntax]\n"
        "  1 | a: *: *\n"
        "    |     ^\n");
  CHECK(said("a: *x\n") ==
        "f.yaml:1:4: error: the alias names an anchor that is not defined above it; define it with &name first, or put "
        "a text that begins with * into quotes [yaml.alias]\n"
        "  1 | a: **\n"
        "    |    ^\n");
  CHECK(said("a: &x {b: *x}\n") ==
        "f.yaml:1:11: error: a: an alias stands inside the value that it names; write the value out; a value cannot "
        "contain itself [yaml.alias]\n"
        "  1 | a: ** {b: **}\n"
        "    |           ^\n");
  CHECK(said("a:\n  b: 1\n c: 2\n") ==
        "f.yaml:3:2: error: this does not fit the map that is open here; check the indentation, and that nothing "
        "follows a quoted text [yaml.syntax]\n"
        "  3 |  c: 2\n"
        "    |  ^\n"
        "  f.yaml:1:1: the map begins here\n");
  CHECK(said("- a\nb: 1\n") ==
        "f.yaml:2:1: error: this line does not belong to the list or map above it; check its indentation "
        "[yaml.syntax]\n"
        "  2 | b: 1\n"
        "    | ^\n");
  for (const char* text :
       {"a: @x\n", "a: - b\n", "a: ]\n", "a: \"\\q\"\n", "a: 'x' y\n", "a:\n  - 1\n  b: 2\n", "a: !<x\n"})
    CHECK(Read(text).ids().find("yaml.syntax") != std::string::npos);
}

TEST_CASE("yaml: a syntax error shows no value", "[config][yaml]") {
  for (const char* text : {"password: hunter2: x\n", "a: [hunter2\n", "a: {b: 'hunter2\n", "- hunter2\nhunter2 x\n",
                           "a: |\n   hunter2\n  hunter2 [\n", "a: hunter2 # hunter2\n b: hunter2\n"})
    CHECK(said(text).find("hunter2") == std::string::npos);
}

}  // namespace
}  // namespace sluice::config
