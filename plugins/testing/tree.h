// SPDX-License-Identifier: Apache-2.0
// Settings as the core hands them to create(), written in C++. What is left out keeps the component's own default.
//
//   Tree::map({{"timeout", 5s}, {"metadata_keys", Tree::list({"tenant"})}})
//
// Nothing is checked against a schema: config.h does that, from YAML.
#ifndef SLUICE_PLUGINS_TESTING_TREE_H
#define SLUICE_PLUGINS_TESTING_TREE_H

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/str.h"

namespace sluice::testing {

class Tree {
 public:
  using Pairs = std::initializer_list<std::pair<const char*, Tree>>;

  Tree() = default;
  Tree(const char* text) : kind_(SLUICE_STRING), string_(text) {}             // NOLINT(google-explicit-constructor)
  Tree(std::string text) : kind_(SLUICE_STRING), string_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  template <std::integral T>
  Tree(T value)  // NOLINT(google-explicit-constructor)
      : kind_(std::same_as<T, bool> ? SLUICE_BOOL : SLUICE_INT), integer_(static_cast<int64_t>(value)) {}
  Tree(double value) : kind_(SLUICE_DOUBLE), number_(value) {}  // NOLINT(google-explicit-constructor)
  template <class Rep, class Period>
  Tree(std::chrono::duration<Rep, Period> value)  // NOLINT(google-explicit-constructor)
      : kind_(SLUICE_DURATION), integer_(std::chrono::nanoseconds(value).count()) {}
  static Tree map(Pairs pairs) {
    Tree tree;
    tree.kind_ = SLUICE_MAP;
    for (const auto& [key, value] : pairs) tree.children_.emplace_back(value).key_ = key;
    return tree;
  }
  static Tree list(std::initializer_list<Tree> items) {
    Tree tree;
    tree.kind_ = SLUICE_LIST;
    tree.children_ = items;
    return tree;
  }
  // Of settings that something else made.
  static Tree copy(const sluice_value& value) {
    Tree tree = typed(value.kind, value.integer, std::string(view(value.string)));
    tree.number_ = value.number;
    tree.key_ = view(value.key);
    for (uint32_t i = 0; i < value.child_count; ++i) tree.children_.push_back(copy(value.children[i]));
    return tree;
  }
  static Tree bytes(int64_t count) { return typed(SLUICE_BYTES, count, {}); }
  static Tree secret(std::string text) { return typed(SLUICE_SECRET, 0, std::move(text)); }
  static Tree component(std::string id) { return typed(SLUICE_COMPONENT, 0, std::move(id)); }

  // Valid while this object lives and is not changed.
  const sluice_value& value() {
    fill();
    return value_;
  }

 private:
  static Tree typed(int32_t kind, int64_t integer, std::string text) {
    Tree tree;
    tree.kind_ = kind;
    tree.integer_ = integer;
    tree.string_ = std::move(text);
    return tree;
  }
  void fill() {
    values_.clear();
    for (Tree& child : children_) {
      child.fill();
      values_.push_back(child.value_);
    }
    value_ = {kind_,
              static_cast<uint32_t>(values_.size()),
              integer_,
              number_,
              str(string_),
              str(key_),
              values_.data(),
              SLUICE_WRITTEN,
              0};
  }

  int32_t kind_ = SLUICE_NULL;
  int64_t integer_ = 0;
  double number_ = 0;
  std::string string_, key_;
  std::vector<Tree> children_;
  std::vector<sluice_value> values_;
  sluice_value value_{};
};

}  // namespace sluice::testing
#endif  // SLUICE_PLUGINS_TESTING_TREE_H
