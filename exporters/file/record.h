// SPDX-License-Identifier: Apache-2.0
// Records: what one batch, or one group's part of it, becomes in a file. A line of OTLP/JSON, or a frame: four bytes
// with the length of what follows, big end first, then protobuf, or either of them compressed.
#ifndef SLUICE_EXPORTERS_FILE_RECORD_H
#define SLUICE_EXPORTERS_FILE_RECORD_H

#include <cstdint>
#include <string>
#include <string_view>

#include "exporters/file/config.h"
#include "plugins/abi/sluice_plugin.h"
#include "plugins/net/settings/compression.h"

namespace sluice::exporters {

enum class Framing : uint8_t { lines, frames };

struct RecordFormat {
  FileFormat format = FileFormat::json;
  net::Codec codec = net::Codec::none;
  int32_t level = 0;

  Framing framing() const {
    return format == FileFormat::json && codec == net::Codec::none ? Framing::lines : Framing::frames;
  }
};

enum class Encoded : uint8_t { ok, failed, too_large };

// Replaces `record` by that of one whole message.
Encoded encode_record(const RecordFormat& format, sluice_signal signal, std::string_view message, std::string& record);

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_FILE_RECORD_H
