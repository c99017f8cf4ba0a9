// SPDX-License-Identifier: Apache-2.0
// Expansion: the first `}`, then the last `${` before it; an odd number of `$` in front escapes it; what comes in is
// looked at again. Upstream's slip of replacing an escaped twin of an expanded text is not copied.
#include "core/config/expand.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/config/merge.h"
#include "core/config/scalar.h"
#include "core/config/yaml_reader.h"

namespace sluice::config {
namespace {

// What is being expanded around a value: meeting it again inside is a cycle.
struct Active {
  const Active* outer;
  std::string_view uri;
};

struct Retrieved {
  Origin origin = Origin::env;
  std::string name;  // as it is printed: never with a default, which may be a secret
  std::string text;
  bool unset = false;
};

// A part of a text that an expansion has put there; what it holds is expanded inside of it.
struct Region {
  std::string uri;
  size_t begin, behind;  // its first byte, and how many follow after its last
};

// No punctuation of YAML: a scalar without asking the parser.
bool is_plain_token(std::string_view text) {
  if (text.empty() || text[0] == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '-' || c == '+';
  });
}

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void unescape(std::string& text) {
  size_t to = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    text[to++] = text[i];
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '$') ++i;
  }
  text.resize(to);
}

class Expander {
 public:
  Expander(Environment& environment, Sources& sources, Diagnostics& diagnostics)
      : environment_(environment), sources_(sources), diagnostics_(&diagnostics) {}

  void value(Node& node, const Active* outer) {
    if (path_.size() > kMaxDepth) {
      fail(node, "yaml.too-deep", "more than " + std::to_string(kMaxDepth) + " levels", "flatten the configuration");
      return;
    }
    path_.push_back(&node);
    if (node.kind == NodeKind::string && node.text.find('$') != std::string::npos)
      scalar(node, outer);
    else
      for (Node& child : node.children) value(child, outer);
    path_.pop_back();
  }

 private:
  void scalar(Node& node, const Active* outer) {
    std::string text = std::move(node.text);
    std::vector<Region> regions;
    size_t from = 0;
    for (int round = 0;;) {
      const size_t close = text.find('}', from);
      if (close == std::string::npos) break;
      const size_t open = text.rfind("${", close);
      if (open == std::string::npos || open < from) {
        from = close + 1;
        continue;
      }
      size_t dollars = 0;
      while (dollars < open && text[open - dollars - 1] == '$') ++dollars;
      if (dollars % 2 == 1) {
        from = close + 1;
        continue;
      }
      const size_t behind = text.size() - close - 1;
      while (!regions.empty() && (behind < regions.back().behind || open < regions.back().begin)) regions.pop_back();
      const std::string uri = text.substr(open + 2, close - open - 2);
      nested_ = round > 0;
      if (cycles(node, uri, regions, outer)) return;
      if (++round > kMaxRounds) {
        fail(node, "expand.cycle", "more than " + std::to_string(kMaxRounds) + " expansions in one value",
             "do ${..} contain each other?");
        return;
      }
      const std::optional<Retrieved> got = retrieve(node, uri);
      if (!got) return;
      const bool whole = open == 0 && behind == 0;
      const Mark from_mark = node.mark;
      if (node.via == kNoSource || whole) node.via = sources_.add(got->origin, got->name, "", from_mark);
      if (whole && typed(node, *got, uri, outer)) return;
      text.replace(open, close + 1 - open, got->text);
      if (text.size() > kMaxExpandedBytes) {
        fail(node, "expand.cycle", "the value grows beyond 1 MiB", "do ${..} contain each other?");
        return;
      }
      regions.push_back({uri, open, behind});
    }
    node.text = std::move(text);
    unescape(node.text);
  }

  // A whole ${..}: its text counts as YAML, unless that is a text again.
  bool typed(Node& node, const Retrieved& got, const std::string& uri, const Active* outer) {
    if (is_plain_token(got.text)) {
      const Scalar scalar = resolve_scalar(got.text);
      if (scalar.kind == NodeKind::string) return false;
      node.kind = scalar.kind, node.integer = scalar.integer, node.number = scalar.number, node.text = got.text;
      return true;
    }
    Node tree;
    Diagnostics ignored;  // what is no YAML is a text
    const uint32_t source = sources_.add(got.origin, got.name, got.text, node.mark);
    if (!read_yaml(sources_, source, ignored, tree) || ignored.errors() || tree.kind == NodeKind::string) return false;
    node.kind = tree.kind, node.integer = tree.integer, node.number = tree.number;
    node.unset = got.unset;
    node.text = as_text(node, got.text);
    if (tree.is_scalar()) return true;
    split_paths(tree, ignored);
    node.children = std::move(tree.children);
    values_ += count(node);
    if (values_ > kMaxValues) {
      fail(node, "yaml.too-large", "more than " + std::to_string(kMaxValues) + " values, ${..} counted in full",
           "split the configuration");
      return true;
    }
    const Active active{outer, uri};
    for (Node& child : node.children) value(child, &active);
    return true;
  }

  // The raw text of a map or list, for a setting that wants text; its mistakes show in the map already.
  std::string as_text(const Node& at, const std::string& raw) {
    if (raw.size() > kMaxExpandedBytes) return "";
    Node node;
    node.kind = NodeKind::string;
    node.mark = at.mark;
    node.text = raw;
    Diagnostics ignored;
    Diagnostics* const said = std::exchange(diagnostics_, &ignored);
    scalar(node, nullptr);
    diagnostics_ = said;
    return node.kind == NodeKind::string ? node.text : raw;
  }

  static size_t count(const Node& node) {
    size_t sum = 1;
    for (const Node& child : node.children) sum += count(child);
    return sum;
  }

  bool cycles(Node& node, const std::string& uri, const std::vector<Region>& regions, const Active* outer) {
    bool found = std::any_of(regions.begin(), regions.end(), [&](const Region& r) { return r.uri == uri; });
    for (const Active* active = outer; active && !found; active = active->outer) found = active->uri == uri;
    const Source* const file = node.mark ? &sources_[node.mark.source] : nullptr;
    found |= file && file->origin == Origin::file && uri.starts_with("file:") && uri.substr(5) == file->name;
    if (found)
      fail(node, "expand.cycle", printed(uri) + " contains itself", "remove one of the ${..} that lead back to it");
    return found;
  }

  // Without what may be a secret: a default, a text, or what another ${..} gave.
  std::string printed(std::string_view uri) const {
    if (nested_) return "${..}";
    if (scheme_of(uri) == "yaml") return "${yaml:..}";
    return "${" + std::string(uri.substr(0, uri.find(":-"))) + "}";
  }

  std::optional<Retrieved> retrieve(Node& node, const std::string& uri) {
    if (uri.find('$') != std::string::npos)
      return fail(node, "expand.dollar", "there is a $ inside of ${..}", "names of variables and files have none");
    const size_t colon = uri.find(':');
    const std::string scheme(scheme_of(uri));
    const std::string rest = scheme.empty() ? uri : uri.substr(colon + 1);
    if (scheme == "env" || colon == std::string::npos) return variable(node, rest);
    if (scheme == "yaml") return Retrieved{Origin::inline_yaml, printed(uri), rest};
    if (scheme == "file") return file(node, rest);
    if (!nested_ && uri.substr(colon).starts_with(":-") && is_variable_name(uri.substr(0, colon)))
      return fail(node, "expand.scheme", "${" + uri.substr(0, colon) + ":-..} has no scheme",
                  "a default needs it: ${env:" + uri.substr(0, colon) + ":-...}");
    if (scheme == "http" || scheme == "https")
      return fail(node, "expand.scheme", "${http:..} is not supported yet", "accepted: env, file, yaml");
    return fail(node, "expand.scheme",
                scheme.empty() || nested_ ? "this ${..} has no scheme that is known"
                                          : "there is no scheme \"" + scheme + "\" for ${..}",
                "accepted: env, file, yaml; a $ that is meant as such is written $$");
  }

  std::optional<Retrieved> variable(Node& node, const std::string& rest) {
    const size_t separator = rest.find(":-");
    const std::string name = rest.substr(0, separator);
    if (!is_variable_name(name))
      return fail(node, "expand.env-name", "this ${..} names no variable",
                  "a name has letters, digits and _, and no digit at the beginning");
    Retrieved got{Origin::env, printed("env:" + name), "", false};
    if (auto value = environment_.variable(name)) {
      got.text = std::move(*value);
    } else if (separator != std::string::npos) {
      got.text = rest.substr(separator + 2);
    } else {
      got.unset = true;
      if (node.mark)
        diagnostics_->warning("expand.unset-env", node.mark, node.length, path(),
                              (nested_ ? "a variable" : "the variable " + name) + " is not set and counts as empty",
                              "set it, or give a default: ${env:" + (nested_ ? "..." : name) + ":-...}");
    }
    return got;
  }

  std::optional<Retrieved> file(Node& node, const std::string& name) {
    Retrieved got{Origin::include, printed("file:" + name), ""};
    const std::string why = environment_.read(name, got.text);
    if (!why.empty())
      return fail(node, "expand.file", "cannot read " + (nested_ ? "the file" : name) + ": " + why,
                  "check the name and the rights of the file");
    included_ += got.text.size();
    if (got.text.size() > kMaxSourceBytes || included_ > kMaxIncludedBytes)
      return fail(node, "yaml.too-large", "the files of ${file:..} are larger than 16 MiB, or than 64 MiB together",
                  "split the configuration");
    if (got.text.ends_with('\n')) got.text.pop_back();
    if (got.text.ends_with('\r')) got.text.pop_back();
    return got;
  }

  std::nullopt_t fail(Node& node, const char* id, std::string message, std::string help) {
    diagnostics_->error(id, node.mark, node.length, path(), std::move(message), std::move(help));
    node.kind = NodeKind::null;
    node.broken = true;
    node.text.clear();
    node.children.clear();
    return std::nullopt;
  }

  std::string path() const {
    std::string all;
    for (size_t i = 1; i < path_.size(); ++i) {
      if (path_[i - 1]->is_list()) {
        all += '[' + std::to_string(path_[i] - path_[i - 1]->children.data()) + ']';
      } else {
        if (!all.empty()) all += "::";
        all += path_[i]->key;
      }
    }
    return all;
  }

  Environment& environment_;
  Sources& sources_;
  Diagnostics* diagnostics_;
  std::vector<const Node*> path_;
  size_t values_ = 0;
  size_t included_ = 0;
  bool nested_ = false;  // what is being expanded was itself put there: its name may be a secret
};

}  // namespace

void expand(Node& root, Environment& environment, Sources& sources, Diagnostics& diagnostics) {
  Expander(environment, sources, diagnostics).value(root, nullptr);
}

}  // namespace sluice::config
