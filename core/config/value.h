// SPDX-License-Identifier: Apache-2.0
// The tree of values that a configuration is while it is read, merged, expanded and checked. Every value knows where it
// was written, and every source (a file, a variable, a flag) knows from where it was asked for.
#ifndef SLUICE_CORE_CONFIG_VALUE_H
#define SLUICE_CORE_CONFIG_VALUE_H

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::config {

struct Mark {
  uint32_t source = 0;  // index into Sources
  uint32_t line = 0;    // from 1; 0: no place
  uint32_t column = 0;  // from 1, in bytes

  explicit operator bool() const { return line != 0; }
  friend bool operator==(const Mark&, const Mark&) = default;
  friend auto operator<=>(const Mark&, const Mark&) = default;
};

enum class Origin : uint8_t { file, env, include, inline_yaml, set };

// Where a scalar or a key stands in the text of its source: what a quoted line may show is decided by it.
struct Span {
  uint32_t begin = 0, end = 0;  // bytes
  bool key = false;
};

struct Source {
  Origin origin = Origin::file;
  std::string name;  // as it is printed: "gateway.yaml", "${env:T}", "--set processors.batch"
  std::string text;
  Mark from;                    // where the ${..} stands that asked for it; none for files and flags
  std::vector<uint32_t> lines;  // offset of each line
  std::vector<Span> spans;      // ascending; filled by the reader
  bool failed = false;          // it is no YAML: nothing is known of what its words mean
  std::string_view line(uint32_t number) const;
};

class Sources {
 public:
  uint32_t add(Origin origin, std::string name, std::string text, Mark from = {});
  Source& operator[](uint32_t index) { return all_[index]; }
  const Source& operator[](uint32_t index) const { return all_[index]; }
  uint32_t size() const { return static_cast<uint32_t>(all_.size()); }

 private:
  std::deque<Source> all_;  // a source never moves: its text is referred to
};

enum class NodeKind : uint8_t { null, boolean, integer, real, string, list, map };

inline constexpr uint32_t kNoSource = UINT32_MAX;

struct Node {
  NodeKind kind = NodeKind::null;
  bool quoted = false;        // or a block scalar: surely text
  bool written_null = false;  // `~` or `null`, not just nothing
  bool unset = false;         // null because a variable is not set, which has been said
  bool broken = false;        // there is an error on it already: nothing more is said about it
  uint32_t via = kNoSource;   // the source of the ${..} that gave this value, or a part of it
  int64_t integer = 0;        // also of a boolean
  double number = 0;
  std::string text;  // of a scalar as written; of an expanded value the text that ${..} gave
  std::string key;
  Mark mark, key_mark;
  uint32_t length = 0, key_length = 0;  // bytes in the source's line, for the caret
  std::vector<Node> children;

  bool expanded() const { return via != kNoSource; }
  bool is_map() const { return kind == NodeKind::map; }
  bool is_list() const { return kind == NodeKind::list; }
  bool is_scalar() const { return !is_map() && !is_list(); }
  Node* find(std::string_view name);
  const Node* find(std::string_view name) const { return const_cast<Node*>(this)->find(name); }
};

// Finds the children of a map by key, in constant time where there are many. No child may be added beyond `room`.
class KeyIndex {
 public:
  explicit KeyIndex(Node& map, size_t room = 0);
  Node* find(std::string_view key);
  void add(Node child);

 private:
  static constexpr size_t kFew = 16;
  Node& map_;
  std::unordered_map<std::string_view, size_t> places_;
};

// Limits of what is read, each an error of its own.
inline constexpr size_t kMaxSourceBytes = 16 << 20;
inline constexpr size_t kMaxDepth = 100;
inline constexpr size_t kMaxValues = 200'000;

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_VALUE_H
