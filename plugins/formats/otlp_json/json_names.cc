// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/otlp_json/json_names.h"

#include <array>
#include <cstring>
#include <span>
#include <utility>

namespace sluice::formats {
namespace {

using wire::Field;
using wire::Message;

struct Name {
  std::array<char, 31> text{};
  uint8_t size = 0;

  constexpr std::string_view view() const noexcept { return {text.data(), size}; }
};

constexpr Name snake_case(std::string_view text) {
  Name name;
  for (const char c : text) name.text[name.size++] = c;
  return name;
}

constexpr Name camel_case(std::string_view snake) {
  Name name;
  bool upper = false;
  for (const char c : snake) {
    if (c == '_') {
      upper = true;
      continue;
    }
    name.text[name.size++] = upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return name;
}

/// The names of one message's fields, camelCase and snake_case. PERF: their lengths, first two and last characters
/// tell them apart: a factor is looked for that sends each to a slot of its own, so a name is compared with one other
/// at most.
struct Names {
  static constexpr unsigned kSlotBits = 7;
  static constexpr uint8_t kFree = 255;

  std::array<Name, 16> camel{}, snake{};  // by position of the field in its table
  std::array<uint8_t, 1 << kSlotBits> slots{};
  uint32_t factor = 1;

  constexpr size_t slot(std::string_view name) const noexcept {
    const auto mark = [&](size_t at) { return uint32_t{static_cast<uint8_t>(name[at])}; };
    const uint32_t marks =
        static_cast<uint32_t>(name.size()) << 24 | mark(0) << 16 | mark(1) << 8 | mark(name.size() - 1);
    return marks * factor >> (32 - kSlotBits);
  }
  /// Where the field is in its table, and in which of the two spellings.
  static constexpr uint8_t entry(size_t field, bool is_snake) noexcept {
    return static_cast<uint8_t>(field << 1 | (is_snake ? 1 : 0));
  }
  constexpr const Name& name(uint8_t entry) const noexcept { return (entry & 1 ? snake : camel)[entry >> 1]; }

  constexpr bool place(std::string_view name, uint8_t entry) noexcept {
    uint8_t& place = slots[slot(name)];
    if (place != kFree) return false;
    place = entry;
    return true;
  }
  constexpr bool place_all(size_t fields) noexcept {
    slots.fill(kFree);
    for (size_t i = 0; i < fields; ++i) {
      if (!place(camel[i].view(), entry(i, false))) return false;
      if (snake[i].view() != camel[i].view() && !place(snake[i].view(), entry(i, true))) return false;
    }
    return true;
  }

  constexpr explicit Names(std::span<const Field> fields) {
    for (size_t i = 0; i < fields.size(); ++i) {
      camel[i] = camel_case(fields[i].name);
      snake[i] = snake_case(fields[i].name);
    }
    while (!place_all(fields.size())) factor = factor * 1'664'525 + 1'013'904'223;
  }
};

constexpr auto kNames = []<size_t... I>(std::index_sequence<I...>) {
  return std::array{Names(wire::kSchema[I].fields)...};
}
(std::make_index_sequence<wire::kMessageCount>());

/// Two names of the same length. PERF: a call of memcmp() takes longer than the rest of the search.
bool same(const char* a, const char* b, size_t size) noexcept {
  const auto differ = [&]<typename Word>(Word, size_t at) {
    Word left = 0;
    Word right = 0;
    std::memcpy(&left, a + at, sizeof left);
    std::memcpy(&right, b + at, sizeof right);
    return left != right;
  };
  if (size < 4) {
    for (size_t i = 0; i < size; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }
  if (size <= 8) return !differ(uint32_t{}, 0) && !differ(uint32_t{}, size - 4);
  for (size_t i = 0; i + 8 < size; i += 8) {
    if (differ(uint64_t{}, i)) return false;
  }
  return !differ(uint64_t{}, size - 8);
}

}  // namespace

std::string_view json_name(Message message, const Field& field) noexcept {
  const auto index = static_cast<size_t>(&field - wire::schema(message).fields.data());
  return kNames[static_cast<size_t>(message)].camel[index].view();
}

const Field* field_by_json_name(Message message, std::string_view name) noexcept {
  if (name.size() < 2) return nullptr;
  const Names& names = kNames[static_cast<size_t>(message)];
  const uint8_t entry = names.slots[names.slot(name)];
  if (entry == Names::kFree) return nullptr;
  const Name& known = names.name(entry);
  if (known.size != name.size() || !same(known.text.data(), name.data(), name.size())) return nullptr;
  return &wire::schema(message).fields[entry >> 1];
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
