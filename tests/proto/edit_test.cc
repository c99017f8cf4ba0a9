// SPDX-License-Identifier: Apache-2.0
//
// Attribute edits against protobuf: parsed, edited there attribute by attribute, compared message for message.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "opentelemetry/proto/common/v1/common.pb.h"
#include "plugins/wire/check.h"
#include "plugins/wire/rewrite.h"
#include "tests/proto/oracle.h"

namespace sluice::wire {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using opentelemetry::proto::common::v1::KeyValue;
using oracle::Random;

struct Step {
  enum class Kind { insert, update, upsert, erase } kind;
  std::string key;
  std::string value;
};

constexpr const char* kKeys[] = {"service.name", "a", "new", ""};

std::vector<Step> random_steps(Random& random) {
  std::vector<Step> steps;
  for (uint64_t i = 0, count = 1 + random() % 4; i < count; ++i) {
    steps.push_back(
        {static_cast<Step::Kind>(random() % 4), kKeys[random() % std::size(kKeys)], std::string(random() % 200, 'v')});
  }
  return steps;
}

AttributeEdits to_edits(const std::vector<Step>& steps) {
  AttributeEdits edits;
  for (const Step& step : steps) {
    switch (step.kind) {
      case Step::Kind::insert:
        edits.insert(step.key, string_value(step.value));
        break;
      case Step::Kind::update:
        edits.update(step.key, string_value(step.value));
        break;
      case Step::Kind::upsert:
        edits.upsert(step.key, string_value(step.value));
        break;
      case Step::Kind::erase:
        edits.erase(step.key);
        break;
    }
  }
  return edits;
}

/// The attributes in the order that edits promise: what is there stays in its place, what is added comes last in the
/// order of the edits' keys.
std::vector<KeyValue> expected_attributes(const Message& owner, const FieldDescriptor& field,
                                          const std::vector<Step>& steps) {
  std::vector<KeyValue> attributes;
  const Reflection& reflection = *owner.GetReflection();
  for (int i = 0; i < reflection.FieldSize(owner, &field); ++i) {
    attributes.push_back(static_cast<const KeyValue&>(reflection.GetRepeatedMessage(owner, &field, i)));
  }
  std::vector<std::string> keys;
  for (const Step& step : steps) {
    if (std::find(keys.begin(), keys.end(), step.key) == keys.end()) keys.push_back(step.key);
  }
  // Key by key: edits of different keys do not see each other.
  for (const std::string& key : keys) {
    const auto has_key = [&](const KeyValue& attribute) { return attribute.key() == key; };
    const bool there = std::any_of(attributes.begin(), attributes.end(), has_key);
    std::optional<std::string> value;  // in place of all that have the key
    bool kept = there;
    for (const Step& step : steps) {
      if (step.key != key) continue;
      const bool present = kept || value.has_value();
      const bool sets = step.kind == Step::Kind::upsert || (step.kind == Step::Kind::insert && !present) ||
                        (step.kind == Step::Kind::update && present);
      if (sets) value = step.value;
      if (step.kind == Step::Kind::erase) value.reset();
      if (sets || step.kind == Step::Kind::erase) kept = false;
    }
    if (kept) continue;
    if (there && !value) std::erase_if(attributes, has_key);
    if (!value) continue;
    if (!there) attributes.emplace_back().set_key(key);
    for (KeyValue& attribute : attributes) {
      if (has_key(attribute)) attribute.mutable_value()->set_string_value(*value);
    }
  }
  return attributes;
}

void apply(Message& owner, const std::vector<Step>& steps) {
  const FieldDescriptor& field = *owner.GetDescriptor()->FindFieldByName("attributes");
  const std::vector<KeyValue> attributes = expected_attributes(owner, field, steps);
  owner.GetReflection()->ClearField(&owner, &field);
  for (const KeyValue& attribute : attributes) {
    owner.GetReflection()->AddMessage(&owner, &field)->CopyFrom(attribute);
  }
}

/// Visits the owners of a level, making resources and scopes that are missing.
template <typename Visit>
void each_owner(Message& message, Level level, Visit&& visit) {
  if (level == Level::item) {
    for (const oracle::Item& item : oracle::items(message)) {
      visit(*item.parent->GetReflection()->MutableRepeatedMessage(item.parent, item.field, item.index));
    }
    return;
  }
  const auto each = [](Message& parent, int number, auto&& fn) {
    const FieldDescriptor& field = *parent.GetDescriptor()->FindFieldByNumber(number);
    for (int i = 0; i < parent.GetReflection()->FieldSize(parent, &field); ++i) {
      fn(*parent.GetReflection()->MutableRepeatedMessage(&parent, &field, i));
    }
  };
  const auto owner_of = [&](Message& parent) {
    const FieldDescriptor& field = *parent.GetDescriptor()->FindFieldByNumber(1);
    const bool there = parent.GetReflection()->HasField(parent, &field);
    Message& owner = *parent.GetReflection()->MutableMessage(&parent, &field);
    visit(owner);
    if (!there && owner.ByteSizeLong() == 0) parent.GetReflection()->ClearField(&parent, &field);
  };
  each(message, 1, [&](Message& resource) {
    if (level == Level::resource) return owner_of(resource);
    each(resource, 2, owner_of);
  });
}

TEST_CASE("edits against protobuf: any edits of any level of any message", "[proto]") {
  Random random(31);
  int changed = 0;
  int unchanged = 0;
  for (int round = 0; round < 300; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const std::string bytes = oracle::random_bytes(signal, random, {.elements = 2});
      const auto level = static_cast<Level>(random() % 3);
      const std::vector<Step> steps = random_steps(random);
      AttributeEdits edits = to_edits(steps);
      std::string out;
      const bool rewritten = rewrite_attributes(signal, to_bytes(bytes), level, edits, out);
      ++(rewritten ? changed : unchanged);
      if (!rewritten) out = bytes;
      REQUIRE(check(signal, to_bytes(out)).ok);

      const auto expected = oracle::parse(signal, bytes);
      each_owner(*expected, level, [&](Message& owner) { apply(owner, steps); });
      const auto actual = oracle::parse(signal, out);
      REQUIRE(actual != nullptr);
      // Serialised by protobuf, both have their fields in one order.
      REQUIRE((actual->SerializeAsString() == expected->SerializeAsString()));
    }
  }
  CHECK(changed > 100);
  CHECK(unchanged > 20);
}

}  // namespace
}  // namespace sluice::wire
