// SPDX-License-Identifier: Apache-2.0
// Compression of whole messages: the codecs of HTTP's Content-Encoding that telemetry uses. Whatever the input says of
// itself, decompress() takes no more memory than it was allowed.
#ifndef SLUICE_PLUGINS_NET_COMPRESSION_H
#define SLUICE_PLUGINS_NET_COMPRESSION_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "plugins/net/byte_buffer.h"
#include "plugins/net/settings/compression.h"

namespace sluice::net {

enum class CodecStatus : uint8_t {
  ok,
  damaged,    // not of this format, or cut off
  too_large,  // would come to more than max_bytes
  refused,    // `reserve` said no
  failed,     // compress() only: the library refused
};

const char* describe(CodecStatus status);

struct DecodeLimits {
  size_t max_bytes = 0;
  // Asked for the memory of the output before it is taken, with the number of bytes to add; null: nobody is asked.
  std::function<bool(uint64_t)> reserve;
};

// Puts all of `input`, decompressed, into `out` (what was there is lost). One encoding only: never nested. gzip may
// have several members, zstd and lz4 several frames; anything else behind the data is damage. `snappy` takes the framed
// format too, as upstream. The state of codecs is kept per thread and used again.
CodecStatus decompress(Codec codec, std::string_view input, const DecodeLimits& limits, ByteBuffer& out);

// `level` as in CompressionParams: 0 is the codec's default.
CodecStatus compress(Codec codec, int32_t level, std::string_view input, ByteBuffer& out);

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_COMPRESSION_H
