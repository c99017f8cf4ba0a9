// SPDX-License-Identifier: Apache-2.0
// Builds the tree from the library's events. Its own nodes are not used: they take the first of two equal keys without
// a word, share what is aliased, know no merge keys and type scalars by YAML 1.1.
#include "core/config/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/node/node.h>  // parser.h declares it, and a linter takes ours for it
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "core/config/scalar.h"

namespace sluice::config {
namespace {

struct Stop {};  // thrown through the parser once a diagnostic says why there is no tree

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

// A map or list whose end has not come yet.
struct Frame {
  Node node;
  size_t values_before = 0;  // to count what an anchor holds
  size_t anchor = 0;
  size_t depth_below = 0;
  bool has_key = false;
  bool drop_value = false;  // its key was refused
  bool merge_key = false;
  Node key;
};

struct Anchor {
  Node node;
  size_t values = 0, depth = 0;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(Source& source, uint32_t index, Diagnostics& diagnostics, Node& root)
      : source_(source), text_(source.text), index_(index), diagnostics_(diagnostics), root_(root) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    const size_t at = skip_properties(offset(mark));
    // A missing value is marked at the next token: only the text tells it from a written null.
    const std::string_view rest = text_.substr(at);
    for (std::string_view word : {"~", "null", "Null", "NULL"})
      if (rest.starts_with(word) && (rest.size() == word.size() || !is_word(rest[word.size()])))
        node.text = word, node.written_null = true;
    if (node.written_null) {
      place(node, at, node.text.size());
    } else if (!stack_.empty() && stack_.back().has_key) {
      node.mark = stack_.back().key.mark, node.length = stack_.back().key.length;
    } else if (!stack_.empty() && stack_.back().node.is_list()) {
      node.mark = stack_.back().node.mark, node.length = 1;
    } else {
      node.mark = to_mark(at), node.length = 1;
    }
    add(std::move(node), anchor, 1, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = NodeKind::string;
    node.text = value;
    const size_t at = skip_properties(offset(mark));
    const char first = at < text_.size() ? text_[at] : '\0';
    const bool in_quotes = tag != "?" && (first == '"' || first == '\'');
    place(node, at, in_quotes ? quoted_length(at) : plain_length(at, value));
    node.quoted = tag != "?";
    if (std::string_view(tag).starts_with(kTagPrefix)) {
      const std::string_view type = std::string_view(tag).substr(kTagPrefix.size());
      node.quoted = type != "int" && type != "float" && type != "bool" && type != "null";
    } else if (tag != "?" && tag != "!") {
      node.quoted = in_quotes || first == '|' || first == '>';
    }
    if (!node.quoted) {
      const Scalar scalar = resolve_scalar(value);
      node.kind = scalar.kind, node.integer = scalar.integer, node.number = scalar.number;
      node.written_null = scalar.kind == NodeKind::null;
    }
    add(std::move(node), anchor, 1, 0);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      fail("yaml.alias", to_mark(offset(mark)), "an alias stands inside the value that it names",
           "write the value out; a value cannot contain itself");
    const Anchor& whole = found->second;
    if (values_ + whole.values > kMaxValues) too_many(to_mark(offset(mark)));
    if (stack_.size() + whole.depth > kMaxDepth) too_deep(to_mark(offset(mark)));
    add(whole.node, 0, whole.values, whole.depth);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(NodeKind::list, mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(NodeKind::map, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    refuse_duplicates(stack_.back().node);
    if (stack_.back().merge_key) merge(stack_.back().node);
    close();
  }

  Mark to_mark(size_t at) const {
    const auto next = std::upper_bound(source_.lines.begin(), source_.lines.end(), at);
    const auto line = static_cast<uint32_t>(next - source_.lines.begin());
    return {index_, line, static_cast<uint32_t>(at - source_.lines[line - 1] + 1)};
  }
  size_t offset(const YAML::Mark& mark) const {
    return std::min(static_cast<size_t>(std::max(mark.pos, 0)), text_.size());
  }
  Mark open_mark() const { return stack_.empty() ? Mark{} : stack_.back().node.mark; }
  bool open_map() const { return !stack_.empty() && stack_.back().node.is_map(); }

 private:
  static bool is_word(char c) {
    return c != ' ' && c != '\n' && c != '\r' && c != '\t' && c != ',' && c != '}' && c != ']';
  }

  // Behind `&name` and `!tag`, which the library counts to the value.
  size_t skip_properties(size_t at) const {
    while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {
      while (at < text_.size() && is_word(text_[at])) ++at;
      const size_t next = text_.find_first_not_of(" \t\r\n", at);
      if (next == std::string_view::npos) return at;
      at = next;
    }
    return at;
  }

  // The library takes the end of the text for the end of a quote.
  size_t quoted_length(size_t at) {
    const char quote = text_[at];
    for (size_t i = at + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != '\'') return i + 1 - at;
        ++i;
      }
    }
    fail("yaml.quote", to_mark(at), std::string("the quote ") + quote + " is never closed",
         std::string("put ") + quote + " at the end of the text");
  }
  size_t plain_length(size_t at, std::string_view value) const {
    size_t n = 0;
    while (n < value.size() && at + n < text_.size() && text_[at + n] == value[n] && value[n] != '\n') ++n;
    return std::max<size_t>(n, 1);
  }

  void place(Node& node, size_t at, size_t length) {
    node.mark = to_mark(at);
    const size_t line_end = std::min(text_.find('\n', at), text_.size());
    node.length = static_cast<uint32_t>(std::max<size_t>(1, std::min(length, line_end - std::min(at, line_end))));
    const bool key = !stack_.empty() && stack_.back().node.is_map() && !stack_.back().has_key;
    source_.spans.push_back(
        {static_cast<uint32_t>(at), static_cast<uint32_t>(std::min(at + length, text_.size())), key});
  }

  void open(NodeKind kind, const YAML::Mark& mark, size_t anchor) {
    const size_t at = skip_properties(offset(mark));
    if (stack_.size() >= kMaxDepth) too_deep(to_mark(at));
    Frame frame;
    frame.node.kind = kind;
    frame.node.mark = to_mark(at);
    frame.node.length = 1;
    frame.values_before = values_;
    frame.anchor = anchor;
    stack_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    const size_t values = values_ - frame.values_before + 1;
    values_ = frame.values_before;
    // The caret of a block map stands under its first key.
    if (frame.node.is_map() && !frame.node.children.empty() && frame.node.children[0].key_mark == frame.node.mark)
      frame.node.length = frame.node.children[0].key_length;
    add(std::move(frame.node), frame.anchor, values, frame.depth_below + 1);
  }

  void add(Node node, size_t anchor, size_t values, size_t depth) {
    if (anchor) anchors_[anchor] = {node, values, depth};
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.is_map() && !frame.has_key) {
      frame.has_key = true;
      frame.drop_value = !node.is_scalar() || node.kind == NodeKind::null;
      if (frame.drop_value)
        diagnostics_.error(
            "yaml.key", node.mark, node.length, path(),
            node.is_scalar() ? "a key is missing in front of the colon" : "a list or map stands as a key",
            "keys are texts");
      frame.key = std::move(node);
      return;
    }
    values_ += values;
    if (values_ > kMaxValues) too_many(node.mark);
    frame.depth_below = std::max(frame.depth_below, depth);
    if (frame.node.is_map()) {
      frame.has_key = false;
      if (frame.drop_value) return;
      frame.merge_key |= !frame.key.quoted && frame.key.text == "<<";
      node.key = std::move(frame.key.text);
      node.key_mark = frame.key.mark, node.key_length = frame.key.length;
    } else {
      node.key.clear();
      node.key_mark = {};
    }
    frame.node.children.push_back(std::move(node));
  }

  void refuse_duplicates(Node& map) {
    std::vector<size_t> order(map.children.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto less = [&](size_t a, size_t b) {
      const int compared = map.children[a].key.compare(map.children[b].key);
      return compared != 0 ? compared < 0 : a < b;
    };
    std::sort(order.begin(), order.end(), less);
    std::vector<bool> twice(order.size());
    bool any = false;
    for (size_t i = 1, first = 0; i < order.size(); ++i) {
      const Node& one = map.children[order[first]];
      const Node& other = map.children[order[i]];
      if (one.key != other.key) {
        first = i;
        continue;
      }
      any = twice[order[i]] = true;
      diagnostics_
          .error("yaml.duplicate-key", other.key_mark, other.key_length, path(other.key),
                 "the key stands twice in this map", "remove one of the two")
          .notes.push_back({one.key_mark, "the other one"});
    }
    if (!any) return;
    size_t kept = 0;
    for (size_t i = 0; i < order.size(); ++i)
      if (!twice[i] && kept++ != i) map.children[kept - 1] = std::move(map.children[i]);
    map.children.resize(kept);
  }

  // Own keys stay, then the maps of `<<` count in their order.
  void merge(Node& map) {
    std::vector<Node> own = std::move(map.children);
    map.children.clear();
    std::vector<Node> merged;
    for (Node& child : own) {
      if (child.key != "<<") {
        map.children.push_back(std::move(child));
      } else if (child.is_map()) {
        merged.push_back(std::move(child));
      } else if (child.is_list() &&
                 std::all_of(child.children.begin(), child.children.end(), [](const Node& n) { return n.is_map(); })) {
        for (Node& item : child.children) merged.push_back(std::move(item));
      } else {
        diagnostics_.error("yaml.merge", child.key_mark, child.key_length, path("<<"),
                           "the merge key << has neither a map nor a list of maps", "write `<<: *name`");
      }
    }
    size_t room = 0;
    for (const Node& from : merged) room += from.children.size();
    KeyIndex index(map, room);
    for (Node& from : merged)
      for (Node& child : from.children)
        if (!index.find(child.key)) index.add(std::move(child));
  }

  std::string path(std::string_view last = {}) const {
    std::string all;
    for (const Frame& frame : stack_) {
      if (&frame == &stack_.back()) break;
      if (frame.node.is_list()) {
        all += '[' + std::to_string(frame.node.children.size()) + ']';
      } else if (frame.has_key) {
        if (!all.empty()) all += "::";
        all += frame.key.text;
      }
    }
    if (!last.empty() && !all.empty()) all += "::";
    return all.append(last);
  }

  [[noreturn]] void fail(const char* id, Mark mark, std::string message, std::string help) {
    diagnostics_.error(id, mark, 1, path(), std::move(message), std::move(help));
    throw Stop();
  }
  [[noreturn]] void too_many(Mark mark) {
    fail("yaml.too-large", mark, "more than " + std::to_string(kMaxValues) + " values, aliases counted in full",
         "use fewer aliases, or split the configuration");
  }
  [[noreturn]] void too_deep(Mark mark) {
    fail("yaml.too-deep", mark, "more than " + std::to_string(kMaxDepth) + " levels", "flatten the configuration");
  }

  Source& source_;
  std::string_view text_;
  uint32_t index_;
  Diagnostics& diagnostics_;
  Node& root_;
  std::vector<Frame> stack_;
  std::unordered_map<size_t, Anchor> anchors_;
  size_t values_ = 0;
};

// What follows the first document.
struct NextDocument : YAML::EventHandler {
  bool any = false, empty = true;
  YAML::Mark start;
  void OnDocumentStart(const YAML::Mark& mark) override { any = true, start = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { throw Stop(); }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override { found(); }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    found();
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    found();
  }
  void OnMapEnd() override {}
  [[noreturn]] void found() {
    empty = false;
    throw Stop();
  }
};

// The library begins a new document wherever the first one cannot go on.
bool check_rest(YAML::Parser& parser, const TreeBuilder& builder, const Source& source, Diagnostics& diagnostics) {
  NextDocument next;
  try {
    parser.HandleNextDocument(next);
  } catch (const Stop&) {
  } catch (const YAML::Exception&) {
    next.empty = false;  // nobody reads it, so its mistakes do not matter
  }
  if (!next.any || next.empty) return true;
  const Mark at = builder.to_mark(builder.offset(next.start));
  if (source.line(at.line).starts_with("---") || source.line(at.line).starts_with("%")) {
    diagnostics.warning("yaml.second-document", at, 3, "", "a second document begins here and is not read",
                        "put it into a file of its own and give both with --config");
    return true;
  }
  diagnostics.error("yaml.syntax", at, 1, "", "this line does not belong to the list or map above it",
                    "check its indentation");
  return false;
}

}  // namespace

bool read_yaml(Sources& sources, uint32_t index, Diagnostics& diagnostics, Node& root) {
  Source& source = sources[index];
  root = Node();
  root.mark = {index, 1, 1}, root.length = 1;
  source.failed = true;
  if (!check_text(source, index, diagnostics)) return false;
  TreeBuilder builder(source, index, diagnostics, root);
  try {
    std::istringstream stream(source.text);
    YAML::Parser parser(stream);
    source.failed = parser.HandleNextDocument(builder) && !check_rest(parser, builder, source, diagnostics);
    return !source.failed;
  } catch (const Stop&) {
  } catch (const YAML::Exception& exception) {
    const Mark at = builder.to_mark(builder.offset(exception.mark));
    explain_syntax_error(source, {exception.msg, at, builder.open_mark(), builder.open_map()}, diagnostics);
  }
  root = Node();
  return false;
}

}  // namespace sluice::config
