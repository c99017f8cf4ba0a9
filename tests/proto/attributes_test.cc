// SPDX-License-Identifier: Apache-2.0
//
// Actions on attributes against a plain model: the message parsed by protobuf, each action carried out on the list of
// its attributes after the one before it, compared message for message.
#include <openssl/sha.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "opentelemetry/proto/common/v1/common.pb.h"
#include "plugins/formats/attributes/actions.h"
#include "plugins/formats/value_text/value_text.h"
#include "plugins/wire/check.h"
#include "tests/proto/oracle.h"

namespace sluice::formats {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using opentelemetry::proto::common::v1::AnyValue;
using opentelemetry::proto::common::v1::KeyValue;
using oracle::Random;
using Attributes = std::vector<KeyValue>;

// Keys that random messages have, and some that they do not.
constexpr const char* kKeys[] = {"service.name", "a", "new", "é", "GET /", "first", "rest"};
constexpr const char* kKeyPatterns[] = {"a", "^$", "^[a-z]", "GET|new", "\\x{20ac}"};

Value text_value(std::string text) {
  Value value;
  value.kind = SLUICE_STRING;
  value.string = std::move(text);
  return value;
}

Value int_value(int64_t number) {
  Value value;
  value.kind = SLUICE_INT;
  value.integer = number;
  return value;
}

ActionConfig random_action(Random& random) {
  const auto any_key = [&] { return std::string(kKeys[random() % std::size(kKeys)]); };
  ActionConfig action;
  action.action = static_cast<ActionType>(random() % 7);
  action.key = any_key();
  switch (action.action) {
    case ActionType::insert:
    case ActionType::update:
    case ActionType::upsert:
      if (random() % 2 == 0) {
        action.value = random() % 2 ? text_value(std::string(random() % 200, 'v'))
                                    : int_value(static_cast<int64_t>(random() >> random() % 64));
      } else {
        action.from_attribute = any_key();
        if (random() % 2 == 0) action.default_value = text_value("default");
      }
      break;
    case ActionType::erase:
    case ActionType::hash:
      if (random() % 2 == 0) action.pattern = kKeyPatterns[random() % std::size(kKeyPatterns)];
      if (!action.pattern.empty() && random() % 2 == 0) action.key.clear();
      break;
    case ActionType::extract:
      action.pattern = "(?P<first>[a-z]+)(?P<rest>.*)";
      break;
    case ActionType::convert:
      action.converted_type = static_cast<ConvertedType>(1 + random() % 3);
      break;
  }
  return action;
}

// ---- the model ------------------------------------------------------------------------------------------------------

const KeyValue* find(const Attributes& attributes, const std::string& key) {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](auto& one) { return one.key() == key; });
  return found == attributes.end() ? nullptr : &*found;
}

void set(Attributes& attributes, const std::string& key, const AnyValue& value) {
  if (!find(attributes, key)) attributes.emplace_back().set_key(key);
  for (KeyValue& attribute : attributes) {
    if (attribute.key() == key) *attribute.mutable_value() = value;
  }
}

AnyValue text_of(std::string_view text) {
  AnyValue value;
  value.set_string_value(std::string(text));
  return value;
}

AnyValue sha256(const AnyValue& value) {
  std::string bytes;
  const auto append = [&](const auto& number) { bytes.assign(reinterpret_cast<const char*>(&number), sizeof number); };
  if (value.has_string_value()) bytes = value.string_value();
  if (value.has_bool_value()) bytes.assign(1, value.bool_value() ? '\1' : '\0');
  if (value.has_int_value()) append(value.int_value());
  if (value.has_double_value()) append(value.double_value());
  std::string hex;
  if (!bytes.empty()) {
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), digest);
    for (const uint8_t byte : digest) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", byte);
      hex += two;
    }
  }
  return text_of(hex);
}

void convert(AnyValue& value, ConvertedType type) {
  if (type == ConvertedType::string) {
    if (value.has_string_value()) return;
    std::string text;
    append_value(text, wire::AnyValue(wire::to_bytes(value.SerializeAsString())));
    value = text_of(text);
  } else if (type == ConvertedType::integer) {
    if (value.has_bool_value()) value.set_int_value(value.bool_value() ? 1 : 0);
    if (value.has_double_value()) {
      if (const auto number = to_int(value.double_value())) value.set_int_value(*number);
    }
    if (value.has_string_value()) {
      if (const auto number = parse_int(value.string_value())) value.set_int_value(*number);
    }
  } else {
    if (value.has_bool_value()) value.set_double_value(value.bool_value() ? 1 : 0);
    if (value.has_int_value()) value.set_double_value(static_cast<double>(value.int_value()));
    if (value.has_string_value()) {
      if (const auto number = parse_double(value.string_value())) value.set_double_value(*number);
    }
  }
}

std::optional<AnyValue> source(const Attributes& attributes, const ActionConfig& action) {
  if (!action.from_attribute.empty()) {
    if (const KeyValue* from = find(attributes, action.from_attribute)) return from->value();
  }
  const Value& constant = action.value.kind != SLUICE_NULL ? action.value : action.default_value;
  if (constant.kind == SLUICE_NULL) return std::nullopt;
  AnyValue value;
  if (constant.kind == SLUICE_INT) value.set_int_value(constant.integer);
  if (constant.kind == SLUICE_STRING) value.set_string_value(constant.string);
  return value;
}

void apply(Attributes& attributes, const ActionConfig& action) {
  const bool there = find(attributes, action.key) != nullptr;
  const auto each = [&](auto&& change) {
    for (KeyValue& one : attributes) {
      if (!action.key.empty() && one.key() == action.key) change(one);
    }
    if (action.pattern.empty()) return;
    const Pattern pattern(action.pattern);
    for (KeyValue& one : attributes) {
      if (pattern.matches(one.key())) change(one);
    }
  };
  switch (action.action) {
    case ActionType::insert:
    case ActionType::update:
    case ActionType::upsert: {
      if (action.action == (there ? ActionType::insert : ActionType::update)) return;
      if (const auto value = source(attributes, action)) set(attributes, action.key, *value);
      return;
    }
    case ActionType::erase:
      std::erase_if(attributes, [&](const KeyValue& one) {
        return (!action.key.empty() && one.key() == action.key) ||
               (!action.pattern.empty() && Pattern(action.pattern).matches(one.key()));
      });
      return;
    case ActionType::hash:
      each([](KeyValue& one) { *one.mutable_value() = sha256(one.value()); });
      return;
    case ActionType::extract: {
      if (!there || !find(attributes, action.key)->value().has_string_value()) return;
      // The pattern of random_action(): the first run of small letters, and what follows up to the end of the line.
      const std::string text = find(attributes, action.key)->value().string_value();
      const auto small = [](char c) { return c >= 'a' && c <= 'z'; };
      const auto first = std::find_if(text.begin(), text.end(), small);
      if (first == text.end()) return;
      const auto rest = std::find_if_not(first, text.end(), small);
      const auto end = std::find(rest, text.end(), '\n');
      set(attributes, "first", text_of(std::string(first, rest)));
      set(attributes, "rest", text_of(std::string(rest, end)));
      return;
    }
    case ActionType::convert:
      for (KeyValue& one : attributes) {
        if (one.key() == action.key && one.has_value()) convert(*one.mutable_value(), action.converted_type);
        if (one.key() == action.key && !one.has_value() && action.converted_type == ConvertedType::string)
          *one.mutable_value() = text_of("");
      }
      return;
  }
}

void apply_all(Message& owner, const std::vector<ActionConfig>& actions) {
  const FieldDescriptor& field = *owner.GetDescriptor()->FindFieldByName("attributes");
  const auto& reflection = *owner.GetReflection();
  Attributes attributes;
  for (int i = 0; i < reflection.FieldSize(owner, &field); ++i)
    attributes.push_back(static_cast<const KeyValue&>(reflection.GetRepeatedMessage(owner, &field, i)));
  for (const ActionConfig& action : actions) apply(attributes, action);
  reflection.ClearField(&owner, &field);
  for (const KeyValue& attribute : attributes) reflection.AddMessage(&owner, &field)->CopyFrom(attribute);
}

// ---- the comparison -------------------------------------------------------------------------------------------------

// A value that is copied from an attribute without one: the field is there and empty, or it is not there.
void drop_empty_values(Message& message) {
  if (auto* attribute = dynamic_cast<KeyValue*>(&message)) {
    if (attribute->has_value() && attribute->value().ByteSizeLong() == 0) attribute->clear_value();
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      drop_empty_values(*message.GetReflection()->MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i)
      drop_empty_values(*message.GetReflection()->MutableRepeatedMessage(&message, field, i));
  }
}

TEST_CASE("attribute actions against protobuf: any actions on the items of any message", "[proto]") {
  Random random(77);
  int changed = 0, unchanged = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<ActionConfig> list;
    for (uint64_t i = 0, count = 1 + random() % 6; i < count; ++i) list.push_back(random_action(random));
    const Actions actions(list);
    ActionEditor editor(actions);
    editor.begin_batch(sluice_context{});
    for (const wire::Signal signal : oracle::kSignals) {
      const std::string bytes = oracle::random_bytes(signal, random, {.elements = 3});
      std::string out;
      const bool rewritten = wire::rewrite_attributes(signal, wire::to_bytes(bytes), wire::Level::item, editor, out);
      ++(rewritten ? changed : unchanged);
      if (!rewritten) out = bytes;
      REQUIRE(wire::check(signal, wire::to_bytes(out)).ok);

      const auto expected = oracle::parse(signal, bytes);
      for (const oracle::Item& item : oracle::items(*expected))
        apply_all(*item.parent->GetReflection()->MutableRepeatedMessage(item.parent, item.field, item.index), list);
      const auto actual = oracle::parse(signal, out);
      REQUIRE(actual != nullptr);
      drop_empty_values(*expected);
      drop_empty_values(*actual);
      INFO("round " << round << ", expected " << expected->DebugString() << ", found " << actual->DebugString());
      REQUIRE((actual->SerializeAsString() == expected->SerializeAsString()));
    }
  }
  CHECK(changed > 200);
  CHECK(unchanged > 20);
}

}  // namespace
}  // namespace sluice::formats
