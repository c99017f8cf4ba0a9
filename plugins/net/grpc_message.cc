// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/grpc_message.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::net {

Codec GrpcMessage::codec() const {
  if (!buffer_) return Codec::none;
  switch (buffer_->data.raw.compression) {
    case GRPC_COMPRESS_GZIP:
      return Codec::gzip;
    case GRPC_COMPRESS_DEFLATE:
      return Codec::zlib;
    default:
      break;
  }
  std::array<uint8_t, 10> start{};
  size_t filled = 0;
  for (const grpc_slice& slice : slices()) {
    const size_t count = std::min(start.size() - filled, GRPC_SLICE_LENGTH(slice));
    std::copy_n(GRPC_SLICE_START_PTR(slice), count, start.begin() + static_cast<ptrdiff_t>(filled));
    filled += count;
    if (filled == start.size()) break;
  }
  auto begins_with = [&](std::string_view magic) {
    return filled >= magic.size() && std::equal(magic.begin(), magic.end(), start.begin(),
                                                [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
  };
  if (begins_with("\x28\xb5\x2f\xfd")) return Codec::zstd;
  if (begins_with(std::string_view("\xff\x06\x00\x00sNaPpY", 10))) return Codec::snappy_framed;
  return Codec::none;
}

GrpcMessage GrpcMessage::of(std::span<grpc_slice> slices, Codec codec) {
  grpc_byte_buffer* buffer =
      codec == Codec::gzip ? grpc_raw_compressed_byte_buffer_create(slices.data(), slices.size(), GRPC_COMPRESS_GZIP)
                           : grpc_raw_byte_buffer_create(slices.data(), slices.size());
  for (const grpc_slice& slice : slices) grpc_slice_unref(slice);  // the buffer has taken references of its own
  return GrpcMessage(buffer);
}

}  // namespace sluice::net
