// SPDX-License-Identifier: Apache-2.0
// Sources and the tree of values.
#include "core/config/value.h"

#include <utility>

namespace sluice::config {

std::string_view Source::line(uint32_t number) const {
  if (number == 0 || number > lines.size()) return {};
  const uint32_t begin = lines[number - 1];
  uint32_t end = number < lines.size() ? lines[number] : static_cast<uint32_t>(text.size());
  while (end > begin && (text[end - 1] == '\n' || text[end - 1] == '\r')) --end;
  return std::string_view(text).substr(begin, end - begin);
}

uint32_t Sources::add(Origin origin, std::string name, std::string text, Mark from) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // marks do not count it
  Source source{origin, std::move(name), std::move(text), from, {0}, {}};
  for (uint32_t i = 0; i < source.text.size(); ++i)
    if (source.text[i] == '\n' && i + 1 < source.text.size()) source.lines.push_back(i + 1);
  all_.push_back(std::move(source));
  return size() - 1;
}

Node* Node::find(std::string_view name) {
  if (!is_map()) return nullptr;
  for (Node& child : children)
    if (child.key == name) return &child;
  return nullptr;
}

KeyIndex::KeyIndex(Node& map, size_t room) : map_(map) {
  map.children.reserve(map.children.size() + room);  // the keys that places_ refers to must not move
}

Node* KeyIndex::find(std::string_view key) {
  if (map_.children.size() < kFew) return map_.find(key);
  if (places_.empty())
    for (size_t i = 0; i < map_.children.size(); ++i) places_.emplace(map_.children[i].key, i);
  const auto found = places_.find(key);
  return found == places_.end() ? nullptr : &map_.children[found->second];
}

void KeyIndex::add(Node child) {
  map_.children.push_back(std::move(child));
  if (!places_.empty()) places_.emplace(map_.children.back().key, map_.children.size() - 1);
}

}  // namespace sluice::config
