// SPDX-License-Identifier: Apache-2.0
// Tree and schema: out come the values that a component gets, or diagnostics.
#ifndef SLUICE_CORE_CONFIG_CHECK_H
#define SLUICE_CORE_CONFIG_CHECK_H

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/config/schema.h"
#include "core/config/value.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::config {

// Owns what the trees of the border are made of. They never move.
class ValueArena {
 public:
  sluice_value* values(size_t count);
  sluice_str keep(std::string text);

 private:
  std::vector<std::unique_ptr<sluice_value[]>> blocks_;
  size_t left_ = 0;
  sluice_value* next_ = nullptr;
  std::deque<std::string> texts_;
};

inline std::string_view view(sluice_str s) {
  return s.len ? std::string_view(s.ptr, s.len) : std::string_view();
}
inline sluice_str to_str(std::string_view s) {
  return {s.data(), s.size()};
}

// An address that a setting opens.
struct Listener {
  std::string path, address, transport;
  Mark mark;
  uint32_t length = 1;
  bool written = false;
  bool shown = true;  // else the address comes from a ${..}
};

// A setting that names another component.
struct Use {
  std::string path, id, kind, interface;
  Mark mark;
  uint32_t length = 1;
  bool shown = true;
};

struct PathUse {
  std::string path, file;
  Mark mark;
  uint32_t length = 1;
  bool shown = false;  // else the name comes from a ${..}
};

// What a check finds besides values.
struct Found {
  std::vector<Listener> listeners;
  std::vector<Use> uses;
  std::vector<PathUse> files;
  std::vector<std::string_view> secrets;
  std::vector<Mark> showable, hidden;  // places of values that may be quoted, and of secrets
};

class Checker {
 public:
  Checker(const Sources& sources, Diagnostics& diagnostics, ValueArena& arena) noexcept
      : sources_(sources), diagnostics_(diagnostics), arena_(arena) {}

  // Checks the value at `path`; null: it is not there, `mark` is then the nearest place. Keys that were renamed get
  // their new name in the tree. Null if there is an error in it.
  const sluice_value* check(const Setting& setting, Node* node, Mark mark, uint32_t length, std::string_view path,
                            Found& found);

 private:
  // A key or an index of the path, with what is around it. Texts are made of it only for a diagnostic.
  struct Frame {
    const Frame* up = nullptr;
    std::string_view key;
    int64_t index = -1;
    Mark near;  // the nearest place that somebody wrote
    uint32_t near_length = 1;
  };
  // A map while its keys are checked; one entry for each property of the schema.
  struct Object {
    const Setting* schema = nullptr;
    std::vector<Node*> given;
    std::vector<const sluice_value*> values;  // null: a key without a value of its own
    size_t index_of(std::string_view key) const;
    bool is_set(size_t index) const;
  };

  void value(const Setting& s, Node* node, sluice_value& out, const Frame& frame);
  void fill(const Setting& s, Node* node, sluice_value& out, const Frame& frame);
  void no_value(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void defaults(const Setting& s, sluice_value& out, const Frame& frame);
  void default_value(const Setting& s, const Json& value, sluice_value& out);

  void boolean(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void integer(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void number(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void text(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void duration(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void bytes(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void in_range(const Setting& s, const Node& node, int64_t value, const Frame& frame);
  void text_form(const Setting& s, const Node& node, std::string_view text, sluice_value& out, const Frame& frame);

  void list(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void split_list(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void list_rules(const Setting& s, const Node& node, const sluice_value& out, const Frame& frame);
  Frame below(const Frame& frame, const Node& node) const;
  void map(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void headers(const Setting& s, Node& node, sluice_value& out, const Frame& frame);
  void any(const Node& node, sluice_value& out);

  void object(const Setting& s, Node* node, sluice_value& out, const Frame& frame);
  bool switched_off(const Setting& s, Node* node, const Frame& frame);
  void sort_keys(const Setting& s, Node& node, Object& object, const Frame& frame);
  void key_notes(const Property& property, const Node& child, const Frame& frame);
  void unknown_key(const Setting& s, const Node& child, const Frame& frame);
  void need_keys(const Object& object, const Frame& frame);
  void rule(const Rule& rule, const Object& object, const Frame& frame);
  void rule_error(const Rule& rule, const Object& object, int at, std::string message, std::string help,
                  const Frame& frame);
  void note_listeners(const Object& object, const Frame& frame);

  Diagnostic& error(const char* id, const Node& node, const Frame& frame, std::string message, std::string help = {});
  void type_error(const Setting& s, const Node& node, const Frame& frame);
  std::string describe(const Setting& s, const Node& node) const;
  std::string quote(const Node& node) const;
  bool is_hidden(const Node& node) const;
  std::string from(const Node& node) const;
  std::string path_of(const Frame& frame) const;
  void mark_shown(const Setting& s, const Node& node);

  const Sources& sources_;
  Diagnostics& diagnostics_;
  ValueArena& arena_;
  Found* found_ = nullptr;
  std::string_view root_path_;
  bool valid_ = true;
  int off_ = 0;  // inside of so many parts that are switched off: what they listen to or name does not count
};

}  // namespace sluice::config
#endif  // SLUICE_CORE_CONFIG_CHECK_H
