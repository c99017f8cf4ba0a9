// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/otlp_json/json_names.h"

#include <array>
#include <span>
#include <utility>

namespace sluice::formats {
namespace {

using wire::Field;
using wire::Message;

template <typename Spell>
constexpr JsonKey make_key(size_t field, Spell&& spell) {
  JsonKey key{.field = static_cast<uint8_t>(field)};
  const auto add = [&](char c) { key.text[key.size++] = c; };
  add('"');
  spell(add);
  add('"');
  add(':');
  return key;
}

constexpr JsonKey snake_case(const Field& field, size_t index) {
  return make_key(index, [&](auto& add) {
    for (const char c : field.name) add(c);
  });
}

constexpr JsonKey camel_case(const Field& field, size_t index) {
  return make_key(index, [&](auto& add) {
    bool upper = false;
    for (const char c : field.name) {
      if (c != '_') add(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
      upper = c == '_';
    }
  });
}

/// The names of one message's fields. PERF: their lengths, first two and last characters tell them apart: a factor is
/// looked for that sends each name to a slot of its own, so what is searched is compared with one name.
struct Names {
  static constexpr unsigned kSlotBits = 7;

  std::array<JsonKey, 32> all{};  // in camelCase in the order of the fields, then those that differ in snake_case
  std::array<uint8_t, 1 << kSlotBits> slots{};
  uint32_t factor = 1;

  /// Of a name of two characters or more.
  constexpr size_t slot(std::string_view name) const noexcept {
    const auto mark = [&](size_t at) { return uint32_t{static_cast<uint8_t>(name[at])}; };
    const uint32_t marks =
        static_cast<uint32_t>(name.size()) << 24 | mark(0) << 16 | mark(1) << 8 | mark(name.size() - 1);
    return marks * factor >> (32 - kSlotBits);
  }
  constexpr bool place(size_t count) noexcept {
    slots.fill(static_cast<uint8_t>(count));
    for (size_t i = 0; i < count; ++i) {
      uint8_t& taken = slots[slot(all[i].name())];
      if (taken < count) return false;
      taken = static_cast<uint8_t>(i);
    }
    return true;
  }

  constexpr explicit Names(std::span<const Field> fields) {
    size_t count = 0;
    for (size_t i = 0; i < fields.size(); ++i) all[count++] = camel_case(fields[i], i);
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].name != all[i].name()) all[count++] = snake_case(fields[i], i);
    }
    all[count] = {};  // what free slots lead to
    while (!place(count)) factor = factor * 1'664'525 + 1'013'904'223;
  }
};

constexpr auto kNames = []<size_t... I>(std::index_sequence<I...>) {
  return std::array{Names(wire::kSchema[I].fields)...};
}
(std::make_index_sequence<wire::kMessageCount>());

}  // namespace

std::string_view json_name(Message message, const Field& field) noexcept {
  const auto index = static_cast<size_t>(&field - wire::schema(message).fields.data());
  return json_keys(message)[index].name();
}

const JsonKey* json_keys(Message message) noexcept {
  return kNames[static_cast<size_t>(message)].all.data();
}

const JsonKey* find_json_key(Message message, std::string_view name) noexcept {
  if (name.size() < 2) return nullptr;
  const Names& names = kNames[static_cast<size_t>(message)];
  const JsonKey& known = names.all[names.slots[names.slot(name)]];
  if (known.size != name.size() + 3 || !equal_keys(known.text.data() + 1, name.data(), name.size())) return nullptr;
  return &known;
}

std::optional<Message> detail_type(std::string_view type_url) noexcept {
  if (!type_url.starts_with(kTypeUrlPrefix)) return std::nullopt;
  type_url.remove_prefix(kTypeUrlPrefix.size());
  for (const Message type : {Message::rpc_retry_info, Message::rpc_bad_request}) {
    if (wire::schema(type).name == type_url) return type;
  }
  return std::nullopt;
}

}  // namespace sluice::formats
