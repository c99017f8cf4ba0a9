// SPDX-License-Identifier: Apache-2.0
//
// OTLP/JSON against protobuf's JSON mapping, which has the same names and numbers; ids, which differ, are left out
// there and go through our own pair of functions.
#include <google/protobuf/util/json_util.h>

#include <catch2/catch.hpp>
#include <string>

#include "google/rpc/status.pb.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/wire/check.h"
#include "tests/proto/oracle.h"

namespace sluice::formats {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using oracle::Random;
using wire::Signal;

std::string to_json(Signal signal, const std::string& bytes) {
  std::string json;
  REQUIRE(otlp_to_json(signal, wire::to_bytes(bytes), json));
  return json;
}

std::string to_proto(Signal signal, const std::string& json) {
  std::string out;
  std::string error;
  const bool ok = json_to_otlp(signal, json, out, error);
  INFO(json);
  INFO(error);
  REQUIRE(ok);
  return out;
}

/// Parsed and serialised by protobuf: fields in one order.
std::string canonical(Signal signal, const std::string& bytes) {
  const auto message = oracle::parse(signal, bytes);
  REQUIRE(message != nullptr);
  return message->SerializeAsString();
}

void clear_ids(Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() == FieldDescriptor::TYPE_BYTES && field->name().ends_with("_id")) {
      message.GetReflection()->ClearField(&message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->is_repeated()) {
      for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
        clear_ids(*message.GetReflection()->MutableRepeatedMessage(&message, field, i));
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      clear_ids(*message.GetReflection()->MutableMessage(&message, field));
    }
  }
}

TEST_CASE("otlp json against protobuf: there and back is the same message", "[proto]") {
  Random random(41);
  for (int round = 0; round < 200; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const std::string bytes = oracle::random_bytes(signal, random, {.ids_of_length = true});
      REQUIRE((canonical(signal, to_proto(signal, to_json(signal, bytes))) == bytes));
    }
  }
}

TEST_CASE("otlp json against protobuf: protobuf reads what we write", "[proto]") {
  Random random(42);
  for (int round = 0; round < 150; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const auto message = oracle::make_message(signal);
      oracle::fill(*message, random);
      clear_ids(*message);
      const std::string json = to_json(signal, message->SerializeAsString());
      const auto read = oracle::make_message(signal);
      const auto status = google::protobuf::util::JsonStringToMessage(json, read.get());
      INFO(json);
      INFO(status.ToString());
      REQUIRE(status.ok());
      REQUIRE((read->SerializeAsString() == message->SerializeAsString()));
    }
  }
}

TEST_CASE("otlp json against protobuf: we read what protobuf writes, in each of its styles", "[proto]") {
  Random random(43);
  for (int round = 0; round < 150; ++round) {
    for (const Signal signal : oracle::kSignals) {
      const auto message = oracle::make_message(signal);
      oracle::fill(*message, random);
      clear_ids(*message);
      google::protobuf::util::JsonPrintOptions style;
      style.add_whitespace = random() % 2 == 0;
      style.always_print_enums_as_ints = random() % 2 == 0;
      style.preserve_proto_field_names = random() % 2 == 0;
      style.always_print_primitive_fields = random() % 2 == 0;
      std::string json;
      REQUIRE(google::protobuf::util::MessageToJsonString(*message, &json, style).ok());
      REQUIRE((canonical(signal, to_proto(signal, json)) == message->SerializeAsString()));
    }
  }
}

TEST_CASE("otlp json against protobuf: Status and its details", "[proto]") {
  google::rpc::Status status;
  status.set_code(8);
  status.set_message("slow \"down\"");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(50'000'000);
  status.add_details()->PackFrom(retry);
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("resource_spans");
  status.add_details()->PackFrom(bad);

  std::string ours;
  REQUIRE(message_to_json(wire::Message::rpc_status, wire::to_bytes(status.SerializeAsString()), ours));
  std::string theirs;
  REQUIRE(google::protobuf::util::MessageToJsonString(status, &theirs).ok());
  CHECK(ours == theirs);
  std::string bytes;
  std::string error;
  REQUIRE(json_to_message(wire::Message::rpc_status, theirs, bytes, error));
  CHECK(bytes == status.SerializeAsString());
}

TEST_CASE("otlp json against protobuf: mutated text never does harm, and what is taken is a message", "[proto]") {
  Random random(44);
  int refused = 0;
  int accepted = 0;
  for (int round = 0; round < 10'000; ++round) {
    const Signal signal = oracle::kSignals[random() % 3];
    static std::string seeds[3];
    std::string& seed = seeds[static_cast<size_t>(signal)];
    if (round % 50 < 3)
      seed = to_json(signal, oracle::random_bytes(signal, random, {.elements = 2, .ids_of_length = true}));
    if (seed.size() > 10'000) seed = "{}";
    constexpr std::string_view kPieces = "{}[]\",:0123456789.eE+-\\ntrueals ";
    std::string json = seed;
    const size_t at = random() % json.size();
    switch (random() % 4) {
      case 0:
        json[at] = kPieces[random() % kPieces.size()];
        break;
      case 1:
        json.erase(at, 1 + random() % 3);
        break;
      case 2:
        json.insert(at, 1, kPieces[random() % kPieces.size()]);
        break;
      default:
        json.resize(at);
    }
    std::string out;
    std::string error;
    if (json_to_otlp(signal, json, out, error)) {
      ++accepted;
      const wire::Checked checked = wire::check(signal, wire::to_bytes(out));
      INFO(json);
      // Two kinds of data in one metric is the one thing that JSON's reader leaves to check().
      if (!checked.ok) REQUIRE(checked.describe().find("only once") != std::string::npos);
    } else {
      ++refused;
      REQUIRE(out.empty());
      REQUIRE_FALSE(error.empty());
    }
  }
  CHECK(refused > 1000);
  CHECK(accepted > 300);
}

}  // namespace
}  // namespace sluice::formats
