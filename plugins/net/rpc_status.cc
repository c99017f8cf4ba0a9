// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/rpc_status.h"

#include <limits>

#include "plugins/wire/reader.h"
#include "plugins/wire/writer.h"

namespace sluice::net {
namespace {

using wire::Bytes;
using wire::Cursor;
using wire::WireType;
using Writer = wire::Writer<std::string>;

constexpr std::string_view kRetryInfo = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::string_view kBadRequest = "type.googleapis.com/google.rpc.BadRequest";
constexpr int64_t kNanos = 1'000'000'000;

// A Duration; null where it is none that a clock can hold. Servers have sent negative ones: they mean "now".
std::optional<std::chrono::nanoseconds> parse_duration(Bytes bytes) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  Cursor field(bytes);
  while (field.next()) {
    if (field.number() == 1 && field.has(WireType::varint)) seconds = static_cast<int64_t>(field.value());
    if (field.number() == 2 && field.has(WireType::varint)) nanos = static_cast<int32_t>(field.value());
  }
  if (!field.ok()) return std::nullopt;
  if (seconds < 0 || nanos < 0) return std::chrono::nanoseconds(0);
  if (seconds >= std::numeric_limits<int64_t>::max() / kNanos) return std::chrono::nanoseconds::max();
  return std::chrono::nanoseconds(seconds * kNanos + nanos);
}

// The first message field `number`, as bytes.
std::optional<Bytes> find_message(Bytes bytes, uint32_t number) {
  for (Cursor field(bytes); field.next();)
    if (field.number() == number && field.has(WireType::length)) return field.bytes();
  return std::nullopt;
}

void parse_detail(Bytes any, RpcStatus& status) {
  std::string_view type;
  Bytes value;
  Cursor field(any);
  while (field.next()) {
    if (field.number() == 1 && field.has(WireType::length)) type = field.text();
    if (field.number() == 2 && field.has(WireType::length)) value = field.bytes();
  }
  if (!field.ok()) return;
  if (type == kRetryInfo) {
    // A RetryInfo without a delay still says that retrying is right.
    status.retry_after = parse_duration(find_message(value, 1).value_or(Bytes()));
  } else if (type == kBadRequest) {
    for (Cursor violation(find_message(value, 1).value_or(Bytes())); violation.next();) {
      if (violation.number() == 1 && violation.has(WireType::length)) status.bad_field = violation.text();
      if (violation.number() == 2 && violation.has(WireType::length)) status.bad_value = violation.text();
    }
  }
}

template <class Fill>
void detail(Writer& status, std::string_view type, Fill&& fill) {
  status.message(3, [&](Writer& any) {
    any.text(1, type);
    any.message(2, fill);
  });
}

}  // namespace

std::string encode_rpc_status(const RpcStatus& status) {
  std::string bytes;
  Writer writer(bytes);
  if (status.code) writer.signed_varint(1, status.code);
  if (!status.message.empty()) writer.text(2, status.message);
  if (status.retry_after) {
    detail(writer, kRetryInfo, [&](Writer& retry_info) {
      retry_info.message(1, [&](Writer& duration) {
        const int64_t nanos = status.retry_after->count();
        if (nanos / kNanos) duration.signed_varint(1, nanos / kNanos);
        if (nanos % kNanos) duration.signed_varint(2, nanos % kNanos);
      });
    });
  }
  if (!status.bad_field.empty() || !status.bad_value.empty()) {
    detail(writer, kBadRequest, [&](Writer& bad_request) {
      bad_request.message(1, [&](Writer& violation) {
        if (!status.bad_field.empty()) violation.text(1, status.bad_field);
        if (!status.bad_value.empty()) violation.text(2, status.bad_value);
      });
    });
  }
  return bytes;
}

std::optional<RpcStatus> parse_rpc_status(std::string_view bytes) {
  RpcStatus status;
  Cursor field(wire::to_bytes(bytes));
  while (field.next()) {
    if (field.number() == 1 && field.has(WireType::varint)) status.code = static_cast<int32_t>(field.value());
    if (field.number() == 2 && field.has(WireType::length)) status.message = field.text();
    if (field.number() == 3 && field.has(WireType::length)) parse_detail(field.bytes(), status);
  }
  if (!field.ok()) return std::nullopt;
  return status;
}

std::string encode_partial_success(const PartialSuccess& partial) {
  std::string bytes;
  Writer(bytes).message(1, [&](Writer& writer) {
    if (partial.rejected) writer.signed_varint(1, partial.rejected);
    if (!partial.text.empty()) writer.text(2, partial.text);
  });
  return bytes;
}

std::optional<PartialSuccess> parse_partial_success(std::string_view bytes) {
  PartialSuccess partial;
  Cursor answer(wire::to_bytes(bytes));
  while (answer.next()) {
    if (answer.number() != 1 || !answer.has(WireType::length)) continue;
    Cursor field(answer.bytes());
    while (field.next()) {
      if (field.number() == 1 && field.has(WireType::varint)) partial.rejected = static_cast<int64_t>(field.value());
      if (field.number() == 2 && field.has(WireType::length)) partial.text = field.text();
    }
    if (!field.ok()) return std::nullopt;
  }
  if (!answer.ok() || (partial.rejected == 0 && partial.text.empty())) return std::nullopt;
  return partial;
}

}  // namespace sluice::net
