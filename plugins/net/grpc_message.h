// SPDX-License-Identifier: Apache-2.0
// One message of a gRPC call as bytes: counted slices that nobody copies.
#ifndef SLUICE_PLUGINS_NET_GRPC_MESSAGE_H
#define SLUICE_PLUGINS_NET_GRPC_MESSAGE_H

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>

#include <cstdint>
#include <span>
#include <utility>

#include "plugins/net/settings/compression.h"

namespace sluice::net {

// Owns the memory of one message: slices of what the library read from the socket, or what shall be sent.
class GrpcMessage {
 public:
  GrpcMessage() = default;
  explicit GrpcMessage(grpc_byte_buffer* buffer) : buffer_(buffer) {}
  GrpcMessage(GrpcMessage&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  GrpcMessage& operator=(GrpcMessage&& other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~GrpcMessage() {
    if (buffer_) grpc_byte_buffer_destroy(buffer_);
  }

  explicit operator bool() const { return buffer_ != nullptr; }
  std::span<const grpc_slice> slices() const {
    if (!buffer_) return {};
    return {buffer_->data.raw.slice_buffer.slices, buffer_->data.raw.slice_buffer.count};
  }
  uint64_t length_bytes() const { return buffer_ ? buffer_->data.raw.slice_buffer.length : 0; }
  // How it is compressed. The library knows gzip and deflate; of a message in another encoding it says nothing, so zstd
  // and framed snappy are told by the bytes that they begin with, which no OTLP message does.
  Codec codec() const;

  // To send: takes the slices over. `codec` none or gzip: how they are compressed already.
  static GrpcMessage of(std::span<grpc_slice> slices, Codec codec);
  grpc_byte_buffer* get() const { return buffer_; }

 private:
  grpc_byte_buffer* buffer_ = nullptr;
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_GRPC_MESSAGE_H
