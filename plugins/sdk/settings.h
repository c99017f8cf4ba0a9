// SPDX-License-Identifier: Apache-2.0
// Settings: a component's configuration, declared once. A plain struct whose member initialisers are the defaults, and
// one ordinary function that names, explains and limits each member. The SDK runs that function twice: to write the
// JSON Schema that the core checks the user's YAML against, and to copy the checked values into the struct.
// It does not parse YAML, check ranges or print errors: the core does, with file, line, column and "did you mean".
//
//   struct BatchConfig {
//     sluice::Duration timeout = 200ms;
//     uint32_t send_batch_size = 8192;
//     void settings(sluice::Settings& s) {
//       s("timeout", timeout, "Send what is held after this long; 0 sends at once.").min(0s);
//       s("send_batch_size", send_batch_size, "Send as soon as so many items are held.").unit("items");
//     }
//   };
//
// settings() is straight-line code: no `if` on a member, for it also runs on a struct that holds only defaults.
#ifndef SLUICE_PLUGINS_SDK_SETTINGS_H
#define SLUICE_PLUGINS_SDK_SETTINGS_H

#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "plugins/abi/sluice_plugin.h"

namespace sluice {

// ---- types of settings, besides bool, integers, double, std::string, enums, std::vector and nested structs ----------
using Duration = std::chrono::nanoseconds;  // YAML: Go's form, "1h30m", "200ms"
struct Bytes {
  uint64_t count = 0;
};              // YAML: 1048576 or "1MiB"
class Secret {  // cannot be printed by accident; logs and print-config show [REDACTED]
 public:
  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  friend class Settings;
  std::string text_;
};
struct ComponentRef {  // id of another component: the core has checked that it exists, and starts it first
  std::string id;
  explicit operator bool() const { return !id.empty(); }
};
struct Value {  // any YAML value, copied, with the type that the user wrote
  int32_t kind = SLUICE_NULL;
  int64_t integer = 0;
  double number = 0;
  std::string string, key;
  std::vector<Value> children;
};
template <class T>
using Map = std::vector<std::pair<std::string, T>>;  // in the user's order
struct Headers : Map<Secret> {};                     // YAML: {name: value} or [{name: .., value: ..}]

// A part that is switched on and off: absent leaves it as declared; written, even empty, switches it on; its own key
// `enabled: false` switches it off. std::optional<Part> is the same, off by default, but `key:` (null) leaves it off.
inline constexpr bool kOn = true, kOff = false;
template <class T>
struct Section {
  bool on = kOff;
  T value{};
  explicit operator bool() const { return on; }
  const T* operator->() const { return &value; }
};

template <class E>
struct Choice {
  const char* name;
  E value;
};
struct Problem {
  const sluice_value* at;
  std::string text;
};  // found by check(): where, and what would be right

namespace literals {
using namespace std::chrono_literals;
constexpr Bytes operator""_KiB(unsigned long long n) {
  return {n << 10};
}
constexpr Bytes operator""_MiB(unsigned long long n) {
  return {n << 20};
}
}  // namespace literals

// ---- JSON text
// -------------------------------------------------------------------------------------------------------
namespace detail {
inline void json(std::string& o, std::string_view text) {
  o += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') o += '\\';
    if (static_cast<unsigned char>(c) >= 0x20)
      o += c;
    else
      o += c == '\n' ? "\\n" : " ";
  }
  o += '"';
}
inline void json(std::string& o, const char* text) {
  json(o, std::string_view(text));
}
inline void json(std::string& o, const std::string& text) {
  json(o, std::string_view(text));
}
inline void json(std::string& o, bool v) {
  o += v ? "true" : "false";
}
template <std::integral T>
requires(!std::same_as<T, bool>) void json(std::string& o, T v) {
  o += std::to_string(v);
}
inline void json(std::string& o, Bytes v) {
  o += std::to_string(v.count);
}
inline void json(std::string& o, double v) {
  char text[32];
  o.append(text, static_cast<size_t>(std::snprintf(text, sizeof text, "%.17g", v)));
}
inline void json(std::string& o, Duration v) {  // the largest unit that divides it
  constexpr std::pair<int64_t, const char*> kUnits[] = {
      {3'600'000'000'000, "h"}, {60'000'000'000, "m"}, {1'000'000'000, "s"},
      {1'000'000, "ms"},        {1000, "us"},          {1, "ns"}};
  for (auto [ns, name] : kUnits)
    if (v.count() && v.count() % ns == 0) return json(o, std::to_string(v.count() / ns) + name);
  json(o, "0s");
}
template <class T>
void json(std::string& o, std::initializer_list<T> list) {
  char separator = '[';
  for (auto& item : list) o += separator, json(o, item), separator = ',';
  o += ']';
}
template <class T>
void add(std::string* o, const char* keyword, const T& v) {
  if (o) o->append(",\"").append(keyword).append("\":"), json(*o, v);
}
inline void end(std::string& o, char bracket) {
  o.back() == ',' ? void(o.back() = bracket) : o.push_back(bracket);
}
}  // namespace detail

// ---- what else can be said about a setting: each at most once, all optional
// -------------------------------------------
template <class T>
class Field {
 public:
  explicit Field(std::string* schema) : o_(schema) {}
  Field& min(T v) { return add("minimum", v); }
  Field& max(T v) { return add("maximum", v); }
  Field& above(T v) { return add("exclusiveMinimum", v); }
  Field& required() { return add("x-required", true); }                // must be written: there is no sensible default
  Field& unit(const char* name) { return add("x-unit", name); }        // for people: "items", "connections"
  Field& pattern(const char* regex) { return add("pattern", regex); }  // RE2; the whole text must match
  Field& format(const char* name) { return add("format", name); }      // "host:port", "url", "path", "regex"
  Field& example(const char* text) { return add("x-example", text); }  // shown in docs and in errors
  Field& default_text(const char* t) { return add("x-default-text", t); }  // known only at start: "number of CPUs"
  Field& was(const char* old_key) { return add("x-was", old_key); }        // old spelling: accepted, with a warning
  Field& deprecated(const char* now) { return add("x-deprecated", now); }  // works, with this warning
  Field& listens() { return add("x-listens", true); }  // opens this address: two on one port is an error
  Field& min_items(uint64_t n) { return add("minItems", n); }
  Field& unique() { return add("uniqueItems", true); }   // no item twice, letter case aside
  Field& any_case() { return add("x-any-case", true); }  // of a choice: "Insert" is "insert"
  Field& refers(const char* kind, const char* id) {
    return add("x-refers", kind).add("x-interface", id);
  }  // ComponentRef

 private:
  template <class V>
  Field& add(const char* keyword, const V& v) {
    return detail::add(o_, keyword, v), *this;
  }
  std::string* o_;
};

// Rules between keys, checked by the core and part of the schema. `text` replaces the core's own wording.
class Rules {
 public:
  using Keys = std::initializer_list<const char*>;
  Rules(std::string* out, std::string when) : o_(out), when_(std::move(when)) {}
  Rules& need(Keys k, const char* text = "") { return add("need", k, text); }
  Rules& forbid(Keys k, const char* text = "") { return add("forbid", k, text); }
  Rules& exactly_one(Keys k, const char* text = "") { return add("exactly_one", k, text); }
  Rules& at_least_one(Keys k, const char* text = "") { return add("at_least_one", k, text); }
  Rules& at_most_one(Keys k, const char* text = "") { return add("at_most_one", k, text); }
  Rules& together(Keys k, const char* text = "") { return add("together", k, text); }

 private:
  Rules& add(const char* name, Keys keys, const char* text) {
    if (!o_) return *this;
    *o_ += "{" + when_ + "\"" + name + "\":", detail::json(*o_, keys);
    if (*text) detail::add(o_, "text", text);
    *o_ += "},";
    return *this;
  }
  std::string* o_;
  std::string when_;
};

class Settings;
template <class T>
concept Part = requires(T& part, Settings& s) {
  part.settings(s);
};

class Settings {
 public:
  template <class T>
  Field<T> operator()(const char* key, T& member, const char* doc) {
    if (schema_)
      open(key, doc), type(member);
    else if (filling_)
      fill(member);
    else if (const sluice_value* v = find(key))
      read(*v, member);
    return Field<T>(schema_);
  }
  // An enum: its names stand once, here, in the order in which docs show them.
  template <class E>
  Field<E> operator()(const char* key, E& member, const char* doc, std::initializer_list<Choice<E>> choices) {
    if (schema_) {
      open(key, doc), *schema_ += R"("type":"string","enum":[)";
      for (auto& c : choices) detail::json(*schema_, c.name), *schema_ += ',';
      detail::end(*schema_, ']');
      for (auto& c : choices)
        if (c.value == member && !shape_) detail::add(schema_, "default", c.name);
    } else if (filling_) {
      for (auto& c : choices) member = c.value;
    } else if (const sluice_value* v = find(key)) {
      for (auto& c : choices)
        if (view(v->string) == c.name) member = c.value;
    }
    return Field<E>(schema_);
  }
  Rules rules() { return {schema_ ? &rules_ : nullptr, ""}; }
  Rules when(const char* key, Rules::Keys values) {
    std::string when = std::string("\"when\":{\"") + key + "\":";
    if (schema_) detail::json(when, values);
    return {schema_ ? &rules_ : nullptr, when + "},"};
  }
  // What no rule can say; call it after the members it looks at. `key` is where the error points.
  void check(bool ok, const char* key, std::string text) {
    if (!ok && problems_) problems_->push_back({find(key) ? find(key) : map_, std::move(text)});
  }
  void removed(const char* key, const char* now) { note(key, "x-removed", now); }          // error; says what to do
  void unsupported(const char* key, const char* why) { note(key, "x-unsupported", why); }  // error: upstream has it
  void delivery(bool queue, bool retry, Duration timeout) {  // exporter: the core's own keys, with these defaults
    if (!schema_) return;
    open("", ""), *schema_ += "\"x-delivery\":true";
    detail::add(schema_, "queue", queue), detail::add(schema_, "retry", retry),
        detail::add(schema_, "timeout", timeout);
  }

  // Processor: a pipeline that has others before it is warned with this reason.
  void first_in_pipeline(const char* why) { note("", "x-first", why); }

  // Connector: a pipeline that sends a signal here is refused unless a pipeline of that signal receives from here, and
  // the other way round. Without this all pairs of its signals are legal.
  void keeps_signal() { note("", "x-pairs", "same"); }

  template <Part T>
  static std::string schema_of() {
    std::string json = "{";
    Settings s(&json, nullptr);
    T defaults{};
    s.type(defaults);
    return json += '}';
  }
  // Whether settings() says the same of a struct whose every member was changed, as it must. For conformance tests.
  template <Part T>
  static bool is_straight_line() {
    T defaults{}, filled{};
    Settings filler(nullptr, nullptr);
    filler.filling_ = true;
    filler.fill(filled);
    return shape_of(defaults) == shape_of(filled);
  }
  template <Part T>
  static T read_from(const sluice_value& v, std::vector<Problem>& problems) {
    T config{};
    Settings(nullptr, &problems).read(v, config);
    return config;
  }

 private:
  Settings(std::string* schema, std::vector<Problem>* problems) : schema_(schema), problems_(problems) {}

  template <Part T>
  static std::string shape_of(T& instance) {
    std::string json = "{";
    Settings s(&json, nullptr);
    s.shape_ = true;
    s.type(instance);
    return json += '}';
  }

  // Schema: text is appended; the braces of the latest setting stay open for what Field adds.
  void open(const char* key, const char* doc) {
    close();
    detail::json(*schema_, key);
    *schema_ += ":{";
    if (*doc) *schema_ += "\"description\":", detail::json(*schema_, doc), *schema_ += ',';
    open_ = true;
  }
  void close() {
    if (std::exchange(open_, false)) *schema_ += "},";
  }
  void note(const char* key, const char* what, const char* text) {
    if (schema_) open(key, ""), *schema_ += '"', schema_->append(what) += "\":", detail::json(*schema_, text);
  }
  template <class T>
  void kind(const char* json_type, const T& v) {
    *schema_ += json_type;
    if constexpr (!std::same_as<T, Secret> && !std::same_as<T, ComponentRef>)
      if (!shape_) detail::add(schema_, "default", v);
  }
  template <class T>
  void type(T& v) {
    std::string& o = *schema_;
    constexpr char kSign = std::unsigned_integral<T> ? 'u' : 'i';
    if constexpr (std::same_as<T, bool>)
      kind(R"("type":"boolean")", v);
    else if constexpr (std::integral<T>)
      kind(R"("type":"integer")", v), detail::add(schema_, "x-int", kSign + std::to_string(sizeof v * 8));
    else if constexpr (std::same_as<T, double>)
      kind(R"("type":"number")", v);
    else if constexpr (std::same_as<T, std::string>)
      kind(R"("type":"string")", v);
    else if constexpr (std::same_as<T, Duration>)
      kind(R"("type":"string","x-kind":"duration")", v);
    else if constexpr (std::same_as<T, Bytes>)
      kind(R"("type":"integer","x-kind":"bytes")", v);
    else if constexpr (std::same_as<T, Secret>)
      kind(R"("type":"string","x-kind":"secret")", v);
    else if constexpr (std::same_as<T, ComponentRef>)
      kind(R"("type":"string","x-kind":"component")", v);
    else if constexpr (std::same_as<T, Headers>)
      o += R"("type":"object","x-kind":"headers")";
    else if constexpr (std::same_as<T, Value>)
      o += R"("x-kind":"any")";
    else if constexpr (Part<T>) {
      std::string outer_rules = std::exchange(rules_, {});
      o += R"("type":"object","properties":{)";
      open_ = false;
      v.settings(*this);
      close();
      detail::end(o, '}');
      if (!rules_.empty()) o += ",\"x-rules\":[" + rules_, detail::end(o, ']');
      rules_ = std::move(outer_rules);
      open_ = true;
    } else if constexpr (requires {
                           v.on;
                           v.value;
                         }) {
      o += shape_ ? "" : v.on ? R"("x-section":"on",)" : R"("x-section":"off",)";
      type(v.value);
    } else if constexpr (requires { v.has_value(); }) {
      typename T::value_type inner{};
      o += R"("x-section":"optional",)", type(shape_ && v ? *v : inner);
    } else if constexpr (requires { v.emplace_back().second; }) {
      typename T::value_type::second_type item{};
      o += R"("type":"object","additionalProperties":{)", type(shape_ && !v.empty() ? v.front().second : item),
          o += '}';
    } else if constexpr (requires { v.emplace_back(); }) {
      typename T::value_type item{};
      o += R"("type":"array","items":{)", type(shape_ && !v.empty() ? v.front() : item), o += '}';
      if constexpr (requires { detail::json(o, v.front()); }) {
        if (shape_) return;
        o += ",\"default\":[";
        for (auto& i : v) detail::json(o, i), o += ',';
        detail::end(o, ']');
      }
    } else
      static_assert(sizeof(T) == 0,
                    "a setting cannot have this type; enums need their choices; see settings.h, 'types of settings'");
  }

  // Reading: the core has checked kinds and ranges, filled in defaults and ordered the children as the schema does.
  static std::string_view view(sluice_str s) { return s.len ? std::string_view(s.ptr, s.len) : std::string_view(); }
  const sluice_value* find(std::string_view key) {
    for (uint32_t n = map_ ? map_->child_count : 0, tries = n; tries; --tries)
      if (const sluice_value& v = map_->children[next_++ % n]; view(v.key) == key) return &v;
    return nullptr;
  }
  template <class T>
  void read(const sluice_value& v, T& out) {
    if constexpr (std::integral<T>)
      out = static_cast<T>(v.integer);
    else if constexpr (std::same_as<T, double>)
      out = v.number;
    else if constexpr (std::same_as<T, std::string>)
      out = view(v.string);
    else if constexpr (std::same_as<T, Duration>)
      out = Duration(v.integer);
    else if constexpr (std::same_as<T, Bytes>)
      out.count = static_cast<uint64_t>(v.integer);
    else if constexpr (std::same_as<T, Secret>)
      out.text_ = view(v.string);
    else if constexpr (std::same_as<T, ComponentRef>)
      out.id = view(v.string);
    else if constexpr (std::same_as<T, Value>) {
      out = {v.kind, v.integer, v.number, std::string(view(v.string)), std::string(view(v.key)), {}};
      for (uint32_t i = 0; i < v.child_count; ++i) read(v.children[i], out.children.emplace_back());
    } else if constexpr (Part<T>) {
      auto* outer = std::exchange(map_, &v);
      uint32_t outer_next = std::exchange(next_, 0);
      out.settings(*this);
      map_ = outer, next_ = outer_next;
    } else if constexpr (requires {
                           out.on;
                           out.value;
                         }) {
      out.on = v.kind != SLUICE_NULL;  // the core has dealt with `enabled`: a section that is off arrives as null
      if (out.on) read(v, out.value);
    } else if constexpr (requires { out.has_value(); }) {
      if (v.kind != SLUICE_NULL) read(v, out.emplace());
    } else if constexpr (requires {
                           out.clear();
                           out.emplace_back();
                         }) {
      out.clear();
      for (uint32_t i = 0; i < v.child_count; ++i) {
        auto& item = out.emplace_back();
        if constexpr (requires { item.second; })
          item.first = view(v.children[i].key), read(v.children[i], item.second);
        else
          read(v.children[i], item);
      }
    }
  }

  // Filling: every member gets another value than it has.
  template <class T>
  void fill(T& out) {
    if constexpr (std::same_as<T, bool>)
      out = !out;
    else if constexpr (std::integral<T> || std::same_as<T, double>)
      out = out == 0 ? T(1) : T(0);
    else if constexpr (std::same_as<T, std::string>)
      out += "x";
    else if constexpr (std::same_as<T, Duration>)
      out += Duration(1);
    else if constexpr (std::same_as<T, Bytes>)
      ++out.count;
    else if constexpr (std::same_as<T, Secret>)
      out.text_ += "x";
    else if constexpr (std::same_as<T, ComponentRef>)
      out.id += "x";
    else if constexpr (std::same_as<T, Value>)
      out.kind = SLUICE_INT;
    else if constexpr (Part<T>)
      out.settings(*this);
    else if constexpr (requires {
                         out.on;
                         out.value;
                       })
      out.on = !out.on, fill(out.value);
    else if constexpr (requires { out.has_value(); })
      fill(out.emplace());
    else if constexpr (requires { out.emplace_back().second; })
      fill(out.emplace_back().second);
    else
      fill(out.emplace_back());
  }

  std::string* schema_;             // null while reading
  std::vector<Problem>* problems_;  // null while writing the schema
  const sluice_value* map_ = nullptr;
  std::string rules_;
  uint32_t next_ = 0;
  bool open_ = false;
  bool shape_ = false;    // while writing: without what depends on values
  bool filling_ = false;  // instead of reading
};

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_SETTINGS_H
