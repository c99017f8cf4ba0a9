// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/record.h"

#include <limits>
#include <utility>

#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/net/compression.h"

namespace sluice::exporters {
namespace {

Encoded frame(std::string_view payload, std::string& record) {
  if (payload.size() > std::numeric_limits<uint32_t>::max()) return Encoded::too_large;
  record.clear();
  record.reserve(4 + payload.size());
  for (int shift = 24; shift >= 0; shift -= 8) record += static_cast<char>(payload.size() >> shift);
  record += payload;
  return Encoded::ok;
}

}  // namespace

Encoded encode_record(const RecordFormat& format, sluice_signal signal, std::string_view message, std::string& record) {
  std::string_view payload = message;
  std::string json;
  if (format.format == FileFormat::json) {
    json.reserve(message.size() * 3);
    if (!formats::otlp_to_json(static_cast<wire::Signal>(signal), wire::to_bytes(message), json))
      return Encoded::failed;
    payload = json;
  }
  if (format.framing() == Framing::lines) {
    json += '\n';
    record = std::move(json);
    return Encoded::ok;
  }
  if (format.codec == net::Codec::none) return frame(payload, record);
  net::ByteBuffer compressed;
  if (net::compress(format.codec, format.level, payload, compressed) != net::CodecStatus::ok) return Encoded::failed;
  return frame(compressed.view(), record);
}

}  // namespace sluice::exporters
