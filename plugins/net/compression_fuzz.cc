// SPDX-License-Identifier: Apache-2.0
// Fuzz target: any bytes as any codec. Nothing may crash, no output may pass its limit, and what has been decompressed
// comes back the same through compress(). The corpus (tests/fuzz/decompress) is replayed in every run of the tests.
#include <cstdlib>

#include "plugins/net/compression.h"

using sluice::net::ByteBuffer;
using sluice::net::Codec;
using sluice::net::CodecStatus;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLimit = 1 << 20;
  if (size == 0) return 0;
  const Codec codec = static_cast<Codec>(data[0] % 8);
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  uint64_t reserved = 0;
  const auto reserve = [&](uint64_t bytes) { return (reserved += bytes) <= kLimit + 1; };
  ByteBuffer plain;
  if (sluice::net::decompress(codec, input, {kLimit, reserve}, plain) != CodecStatus::ok) return 0;
  ByteBuffer packed, again;
  if (plain.size > kLimit || plain.capacity > kLimit + 1) std::abort();
  if (sluice::net::compress(codec, 1, plain.view(), packed) != CodecStatus::ok) std::abort();
  if (sluice::net::decompress(codec, packed.view(), {kLimit, nullptr}, again) != CodecStatus::ok) std::abort();
  if (again.view() != plain.view()) std::abort();
  return 0;
}
