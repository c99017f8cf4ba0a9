// SPDX-License-Identifier: Apache-2.0
#include "tests/proto/oracle.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>

#include "opentelemetry/proto/logs/v1/logs.pb.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace sluice::oracle {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// Protobuf would write a line for each string that is not UTF-8.
[[maybe_unused]] const auto kNoLog = google::protobuf::SetLogHandler(nullptr);

constexpr int kDeepestMessage = 14;  // in random messages

uint64_t below(Random& random, uint64_t limit) {
  return random() % limit;
}

uint64_t random_number(Random& random) {
  switch (below(random, 4)) {
    case 0:
      return 0;
    case 1:
      return below(random, 300);
    case 2:
      return random() >> below(random, 64);
    default:
      return random();
  }
}

double random_double(Random& random) {
  constexpr double kSpecial[] = {0.0, -0.0, 1.5, -2.0, 1e300, 5e-324, 0.1, 1e21, 123456789012345.0};
  switch (below(random, 8)) {
    case 0:
      return std::numeric_limits<double>::quiet_NaN();
    case 1:
      return std::numeric_limits<double>::infinity();
    case 2:
      return -std::numeric_limits<double>::infinity();
    case 3: {
      const double any = std::bit_cast<double>(random());
      return std::isfinite(any) ? any : 0.25;
    }
    default:
      return kSpecial[below(random, std::size(kSpecial))];
  }
}

std::string random_string(Random& random) {
  constexpr const char* kPieces[] = {"a",  "service.name", "é",    "€",     "😀", "\"",
                                     "\\", "\n",           "\x01", "GET /", " ", "\x7f"};
  std::string text;
  const uint64_t pieces = below(random, 20) == 0 ? 60 : below(random, 6);
  for (uint64_t i = 0; i < pieces; ++i) text += kPieces[below(random, std::size(kPieces))];
  if (below(random, 30) == 0) text.push_back('\0');
  return text;
}

std::string random_blob(Random& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::string random_blob_of(const FieldDescriptor& field, Random& random, const RandomOptions& options) {
  const bool id = field.name().ends_with("_id");
  if (!id || !options.ids_of_length) return random_blob(random, below(random, 20));
  if (below(random, 3) == 0) return {};
  return random_blob(random, field.name() == "trace_id" ? 16 : 8);
}

void fill_at(Message& message, Random& random, const RandomOptions& options, int depth);

void fill_field(Message& message, const FieldDescriptor& field, Random& random, const RandomOptions& options,
                int depth) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      const auto value = static_cast<int32_t>(random_number(random));
      repeated ? reflection.AddInt32(&message, &field, value) : reflection.SetInt32(&message, &field, value);
      break;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const auto value = static_cast<int64_t>(random_number(random));
      repeated ? reflection.AddInt64(&message, &field, value) : reflection.SetInt64(&message, &field, value);
      break;
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      const auto value = static_cast<uint32_t>(random_number(random));
      repeated ? reflection.AddUInt32(&message, &field, value) : reflection.SetUInt32(&message, &field, value);
      break;
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t value = random_number(random);
      repeated ? reflection.AddUInt64(&message, &field, value) : reflection.SetUInt64(&message, &field, value);
      break;
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double value = random_double(random);
      repeated ? reflection.AddDouble(&message, &field, value) : reflection.SetDouble(&message, &field, value);
      break;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, below(random, 2) == 1);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection.SetEnumValue(&message, &field, static_cast<int>(below(random, 30)));
      break;
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string value =
          field.type() == FieldDescriptor::TYPE_BYTES ? random_blob_of(field, random, options) : random_string(random);
      repeated ? reflection.AddString(&message, &field, value) : reflection.SetString(&message, &field, value);
      break;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      if (depth >= kDeepestMessage) break;
      Message* inner = repeated ? reflection.AddMessage(&message, &field) : reflection.MutableMessage(&message, &field);
      fill_at(*inner, random, options, depth + 1);
      const bool keep = options.empty_messages || repeated || field.containing_oneof() != nullptr;
      if (!keep && inner->ByteSizeLong() == 0) reflection.ClearField(&message, &field);
      break;
    }
    case FieldDescriptor::CPPTYPE_FLOAT:
      break;
  }
}

void fill_at(Message& message, Random& random, const RandomOptions& options, int depth) {
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.real_oneof_decl_count(); ++i) {
    const auto& oneof = *descriptor.oneof_decl(i);
    const auto choice = static_cast<int>(below(random, static_cast<uint64_t>(oneof.field_count()) + 1));
    if (choice == oneof.field_count() || oneof.field(choice)->name().ends_with("strindex")) continue;
    fill_field(message, *oneof.field(choice), random, options, depth);
  }
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    // The *_strindex fields have a meaning in profiles only.
    if (field.real_containing_oneof() != nullptr || field.name().ends_with("strindex")) continue;
    if (field.is_repeated()) {
      const uint64_t count = below(random, static_cast<uint64_t>(options.elements) + 1);
      for (uint64_t n = 0; n < count; ++n) fill_field(message, field, random, options, depth);
    } else if (below(random, 3) != 0) {
      fill_field(message, field, random, options, depth);
    }
  }
}

bool is_item(const google::protobuf::Descriptor& type) {
  const std::string& name = type.name();
  return name == "Span" || name == "LogRecord" || name.ends_with("DataPoint");
}

/// The message fields that lead to items.
bool leads_to_items(const FieldDescriptor& field) {
  constexpr const char* kNames[] = {
      "resource_spans", "scope_spans",           "resource_metrics", "scope_metrics", "metrics",   "gauge", "sum",
      "histogram",      "exponential_histogram", "summary",          "resource_logs", "scope_logs"};
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return false;
  return std::find(std::begin(kNames), std::end(kNames), field.name()) != std::end(kNames);
}

void collect_items(Message& message, std::vector<Item>& out) {
  const auto& descriptor = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (field.is_repeated() && is_item(*field.message_type())) {
      for (int n = 0; n < reflection.FieldSize(message, &field); ++n) out.push_back({&message, &field, n});
    } else if (leads_to_items(field) && field.is_repeated()) {
      for (int n = 0; n < reflection.FieldSize(message, &field); ++n) {
        collect_items(*reflection.MutableRepeatedMessage(&message, &field, n), out);
      }
    } else if (leads_to_items(field) && reflection.HasField(message, &field)) {
      collect_items(*reflection.MutableMessage(&message, &field), out);
    }
  }
}

/// Removes what is outside of the range; returns whether an item is left. A message with all of its items is kept
/// whole.
bool keep_in(Message& message, uint64_t& next, uint64_t first, uint64_t last, bool root = false) {
  std::vector<Item> inside;
  collect_items(message, inside);
  if (!root && !inside.empty() && next >= first && next + inside.size() <= last) {
    next += inside.size();
    return true;
  }
  const auto& descriptor = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  bool any = false;
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const bool item = field.is_repeated() && is_item(*field.message_type());
    if (!item && !leads_to_items(field)) continue;
    if (!field.is_repeated()) {
      if (reflection.HasField(message, &field)) {
        any |= keep_in(*reflection.MutableMessage(&message, &field), next, first, last);
      }
      continue;
    }
    int kept = 0;
    const int size = reflection.FieldSize(message, &field);
    for (int n = 0; n < size; ++n) {
      bool keep = false;
      if (item) {
        keep = next >= first && next < last;
        ++next;
      } else {
        keep = keep_in(*reflection.MutableRepeatedMessage(&message, &field, n), next, first, last);
      }
      if (!keep) continue;
      reflection.SwapElements(&message, &field, n, kept);
      ++kept;
    }
    for (int n = size; n > kept; --n) reflection.RemoveLast(&message, &field);
    any |= kept > 0;
  }
  return any;
}

}  // namespace

std::unique_ptr<Message> make_message(wire::Signal signal) {
  switch (signal) {
    case wire::Signal::traces:
      return std::make_unique<opentelemetry::proto::trace::v1::TracesData>();
    case wire::Signal::metrics:
      return std::make_unique<opentelemetry::proto::metrics::v1::MetricsData>();
    case wire::Signal::logs:
      break;
  }
  return std::make_unique<opentelemetry::proto::logs::v1::LogsData>();
}

std::unique_ptr<Message> parse(wire::Signal signal, const std::string& bytes) {
  std::unique_ptr<Message> message = make_message(signal);
  if (!message->ParseFromString(bytes)) return nullptr;
  return message;
}

void fill(Message& message, Random& random, const RandomOptions& options) {
  fill_at(message, random, options, 0);
}

std::string random_bytes(wire::Signal signal, Random& random, const RandomOptions& options) {
  const std::unique_ptr<Message> message = make_message(signal);
  fill(*message, random, options);
  return message->SerializeAsString();
}

std::vector<Item> items(Message& message) {
  std::vector<Item> out;
  collect_items(message, out);
  return out;
}

void keep_items(Message& message, uint64_t first, uint64_t count) {
  uint64_t next = 0;
  keep_in(message, next, first, first + count, true);
}

}  // namespace sluice::oracle
