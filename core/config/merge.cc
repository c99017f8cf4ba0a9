// SPDX-License-Identifier: Apache-2.0
// Reading the sources that flags name, and merging their trees.
#include "core/config/merge.h"

#include <algorithm>
#include <utility>

#include "core/config/yaml_reader.h"

namespace sluice::config {
namespace {

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_scheme_rest(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-';
}

class Gatherer {
 public:
  Gatherer(Environment& environment, Sources& sources, Diagnostics& diagnostics, Node& root)
      : environment_(environment), sources_(sources), diagnostics_(diagnostics), root_(root) {}

  bool config(const std::string& uri) {
    const std::string_view scheme = scheme_of(uri);
    const std::string rest = scheme.empty() ? uri : uri.substr(scheme.size() + 1);
    if (scheme.empty() || scheme == "file") return files(rest);
    if (scheme == "yaml") return document(Origin::inline_yaml, "--config yaml", rest);
    if (scheme == "env") {
      const auto value = environment_.variable(rest);
      if (value) return document(Origin::env, "--config env:" + rest, *value);
      return refuse("config.file", "--config env:" + rest + ": the variable is not set", "set it to a configuration");
    }
    const bool web = scheme == "http" || scheme == "https";
    return refuse("expand.scheme",
                  "--config " + std::string(scheme) + ":...: " +
                      (web ? "reading a configuration over HTTP is not supported yet" : "there is no such scheme"),
                  "give a file, file:, env: or yaml:");
  }

  bool set(const std::string& flag) {
    const size_t equals = flag.find('=');
    if (equals == std::string::npos)
      return refuse("config.set", "--set " + flag + ": there is no equal sign",
                    "write --set processors.batch.timeout=2s");
    const std::string_view key = std::string_view(flag).substr(0, equals);
    const std::string value = flag.substr(equals + 1);
    std::string path;
    for (char c : key) c == '.' ? path += "::" : path += c;
    std::string name = "--set " + std::string(key);
    // Anything else may be a secret, and the flag is printed with every mistake in it.
    if (value.starts_with("${") && value.ends_with("}") && value.find(":-") == std::string::npos) name += "=" + value;
    const uint32_t source = sources_.add(Origin::set, std::move(name), value);
    Node tree;
    if (!read_yaml(sources_, source, diagnostics_, tree)) return false;
    tree.key = std::move(path);
    tree.key_mark = {source, 1, 1}, tree.key_length = 1;
    Node document;
    document.kind = NodeKind::map;
    document.mark = tree.key_mark;
    document.children.push_back(std::move(tree));
    split_paths(document, diagnostics_);
    merge_into(root_, std::move(document));
    return true;
  }

 private:
  bool refuse(std::string id, std::string message, std::string help) {
    diagnostics_.error(std::move(id), {}, 1, "", std::move(message), std::move(help));
    return false;
  }

  bool files(const std::string& path) {
    auto names = environment_.list(path);
    if (!names) return file(path);
    std::sort(names->begin(), names->end());
    bool any = false, good = true;
    for (const std::string& name : *names) {
      if (!name.ends_with(".yaml") && !name.ends_with(".yml")) continue;
      any = true;
      good &= file(path + (path.ends_with("/") ? "" : "/") + name);
    }
    if (!any) return refuse("config.file", path + ": there is no *.yaml or *.yml in this directory", "add one");
    return good;
  }

  bool file(const std::string& path) {
    std::string text;
    const std::string why = environment_.read(path, text);
    if (!why.empty())
      return refuse("config.file", "cannot read " + path + ": " + why, "check the name and the rights of the file");
    return document(Origin::file, path, std::move(text));
  }

  bool document(Origin origin, std::string name, std::string text) {
    const uint32_t source = sources_.add(origin, std::move(name), std::move(text));
    Node tree;
    if (!read_yaml(sources_, source, diagnostics_, tree)) return false;
    if (tree.kind == NodeKind::null) return true;
    if (!tree.is_map()) {
      diagnostics_.error(
          "config.root", tree.mark, tree.length, "",
          std::string("a configuration is a map, this is a ") + (tree.is_list() ? "list" : "single value"),
          "begin with receivers:, exporters: and service:");
      return false;
    }
    split_paths(tree, diagnostics_);
    merge_into(root_, std::move(tree));
    return true;
  }

  Environment& environment_;
  Sources& sources_;
  Diagnostics& diagnostics_;
  Node& root_;
};

// Puts `child`, whose key is a path, where it belongs. A place that is taken by anything but a map is an error.
void insert_path(Node& map, Node child, Diagnostics& diagnostics) {
  const std::string path = child.key;
  Node* at = &map;
  for (size_t begin = 0;;) {
    const size_t end = path.find("::", begin);
    const std::string part = path.substr(begin, end == std::string::npos ? end : end - begin);
    if (part.empty()) {
      diagnostics.error("yaml.key", child.key_mark, child.key_length, path, "a part of this path is empty",
                        "write keys between the `::`");
      return;
    }
    Node* next = at->find(part);
    if (end == std::string::npos) {
      child.key = part;
      if (!next) {
        at->children.push_back(std::move(child));
      } else if (next->is_map() && child.is_map()) {
        merge_into(*next, std::move(child));
      } else {
        diagnostics
            .error("yaml.duplicate-key", child.key_mark, child.key_length, path, "the key stands twice in this map",
                   "remove one of the two")
            .notes.push_back({next->key_mark, "the other one"});
      }
      return;
    }
    if (!next) {
      Node step;
      step.kind = NodeKind::map;
      step.key = part;
      step.mark = step.key_mark = child.key_mark;
      step.length = step.key_length = child.key_length;
      at->children.push_back(std::move(step));
      next = &at->children.back();
    } else if (next->kind == NodeKind::null) {
      next->kind = NodeKind::map;
    } else if (!next->is_map()) {
      diagnostics
          .error("yaml.duplicate-key", child.key_mark, child.key_length, path,
                 "this path leads through a key that has a value", "remove one of the two")
          .notes.push_back({next->key_mark, "the other one"});
      return;
    }
    at = next;
    begin = end + 2;
  }
}

}  // namespace

void merge_into(Node& base, Node over) {
  if (!base.is_map() || !over.is_map()) {
    base = std::move(over);
    return;
  }
  KeyIndex index(base, over.children.size());
  for (Node& child : over.children) {
    if (Node* known = index.find(child.key)) {
      merge_into(*known, std::move(child));
    } else {
      index.add(std::move(child));
    }
  }
}

void split_paths(Node& map, Diagnostics& diagnostics) {
  if (!map.is_map()) return;
  const auto is_path = [](const Node& n) { return n.key.find("::") != std::string::npos; };
  if (std::any_of(map.children.begin(), map.children.end(), is_path)) {
    std::vector<Node> paths;
    const auto first =
        std::stable_partition(map.children.begin(), map.children.end(), [&](const Node& n) { return !is_path(n); });
    std::move(first, map.children.end(), std::back_inserter(paths));
    map.children.erase(first, map.children.end());
    for (Node& path : paths) insert_path(map, std::move(path), diagnostics);
  }
  for (Node& child : map.children) split_paths(child, diagnostics);
}

std::string_view scheme_of(std::string_view uri) {
  const size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon < 2 || !is_letter(uri[0])) return {};
  const std::string_view scheme = uri.substr(0, colon);
  return std::all_of(scheme.begin(), scheme.end(), is_scheme_rest) ? scheme : std::string_view();
}

bool gather(const std::vector<std::string>& configs, const std::vector<std::string>& sets, Environment& environment,
            Sources& sources, Diagnostics& diagnostics, Node& root) {
  root = Node();
  root.kind = NodeKind::map;
  if (configs.empty()) {
    diagnostics.error("config.file", {}, 1, "", "no configuration is given", "name a file with --config");
    return false;
  }
  Gatherer gatherer(environment, sources, diagnostics, root);
  bool good = true;
  for (const std::string& config : configs) good &= gatherer.config(config);
  for (const std::string& set : sets) good &= gatherer.set(set);
  root.mark = sources.size() ? Mark{0, 1, 1} : Mark{}, root.length = 0;
  if (good && root.children.empty()) {
    if (diagnostics.errors() == 0)
      diagnostics.error("config.root", root.mark, 0, "", "the configuration is empty",
                        "begin with receivers:, exporters: and service:");
    return false;
  }
  return good;
}

}  // namespace sluice::config
