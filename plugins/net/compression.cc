// SPDX-License-Identifier: Apache-2.0
// gzip, zlib and deflate by ISA-L (reading, and the fast level) and libdeflate (the other levels), snappy (both
// formats), zstd and lz4 by their own libraries.
#include "plugins/net/compression.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>

namespace sluice::net {
namespace {

constexpr size_t kMaxZstdWindowLog = 23;  // 8 MiB, what RFC 8878 asks decoders to take; frames may claim 2 GiB
constexpr size_t kFirstGuess = 64 * 1024;

char* as_chars(ByteBuffer& buffer) {
  return reinterpret_cast<char*>(buffer.data.get());
}

// The output of one decompress(): grows by doubling from what the input claims, never over the limit and the one byte
// that tells "reaches the limit" from "goes over it".
class Output {
 public:
  Output(const DecodeLimits& limits, ByteBuffer& buffer) : limits_(limits), buffer_(buffer) { buffer_.size = 0; }

  // Memory for `claimed` bytes, if that is within the limit, and believable for an input of that size.
  CodecStatus start(uint64_t claimed, size_t input_bytes) {
    const uint64_t believable = std::max<uint64_t>(kFirstGuess, static_cast<uint64_t>(input_bytes) * 64);
    return take(static_cast<size_t>(std::min({claimed, believable, most()})));
  }
  CodecStatus exactly(size_t bytes) { return bytes > limits_.max_bytes ? CodecStatus::too_large : take(bytes); }
  CodecStatus more() {
    const uint64_t capacity = std::min<uint64_t>(buffer_.capacity, most());
    if (capacity == most()) return CodecStatus::too_large;
    return take(static_cast<size_t>(std::min(most(), std::max<uint64_t>(kFirstGuess, capacity * 2))));
  }
  // Capacity may exceed the limit where the caller's buffer is used again.
  size_t room() const { return static_cast<size_t>(std::min<uint64_t>(buffer_.capacity, most()) - buffer_.size); }
  CodecStatus end() const { return buffer_.size > limits_.max_bytes ? CodecStatus::too_large : CodecStatus::ok; }

 private:
  uint64_t most() const { return uint64_t{limits_.max_bytes} + 1; }
  CodecStatus take(size_t capacity) {
    if (capacity > reserved_) {
      if (limits_.reserve && !limits_.reserve(capacity - reserved_)) return CodecStatus::refused;
      reserved_ = capacity;
    }
    buffer_.grow(capacity);
    return CodecStatus::ok;
  }

  const DecodeLimits& limits_;
  ByteBuffer& buffer_;
  size_t reserved_ = 0;
};

// ---- gzip, zlib, deflate
// -----------------------------------------------------------------------------------------------

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};

libdeflate_compressor* deflater(int level) {
  thread_local std::array<std::unique_ptr<libdeflate_compressor, Freed<libdeflate_free_compressor>>, 10> kept;
  if (!kept[level]) kept[level].reset(libdeflate_alloc_compressor(level));
  return kept[level].get();
}

// The length that a gzip member states in its last four bytes, modulo 2^32; a first guess only.
uint64_t stated_gzip_length(std::string_view input) {
  if (input.size() < 18) return 0;
  uint32_t length = 0;
  for (int i = 1; i <= 4; ++i) length = length << 8 | static_cast<uint8_t>(input[input.size() - i]);
  return length;
}

CodecStatus inflate(bool gzip, std::string_view input, Output& output, ByteBuffer& out) {
  const uint64_t claim = gzip ? stated_gzip_length(input) : input.size() * uint64_t{4};
  if (CodecStatus status = output.start(std::max<uint64_t>(claim, 64), input.size()); status != CodecStatus::ok) {
    return status;
  }
  if (input.empty() || input.size() > std::numeric_limits<uint32_t>::max()) return CodecStatus::damaged;
  constexpr size_t kFlags = 3, kReservedFlags = 0xe0;  // RFC 1952, 2.3.1.2: must be refused; ISA-L does not look
  thread_local const auto state = std::make_unique_for_overwrite<inflate_state>();
  while (!input.empty()) {
    if (gzip && input.size() > kFlags && (input[kFlags] & kReservedFlags) != 0) return CodecStatus::damaged;
    isal_inflate_init(state.get());
    state->crc_flag = gzip ? ISAL_GZIP : ISAL_ZLIB;  // header and checksum are read and checked
    state->next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(input.data()));
    state->avail_in = static_cast<uint32_t>(input.size());
    state->next_out = out.end();
    state->avail_out = static_cast<uint32_t>(std::min<size_t>(output.room(), std::numeric_limits<uint32_t>::max()));
    switch (isal_inflate_stateless(state.get())) {
      case ISAL_DECOMP_OK:
        input.remove_prefix(input.size() - state->avail_in);
        out.size += state->total_out;
        if (!gzip && !input.empty()) return CodecStatus::damaged;
        break;
      case ISAL_OUT_OVERFLOW:  // the member once more, with twice the room: at most double the work in all
        if (CodecStatus status = output.more(); status != CodecStatus::ok) return status;
        break;
      default:
        return CodecStatus::damaged;
    }
  }
  return output.end();
}

// On OTLP three times as quick as libdeflate's level 1 and as small; that is a sixth of the time of level 6.
bool deflate_fast(bool gzip, std::string_view input, ByteBuffer& out) {
  struct State {
    isal_zstream stream;
    std::array<uint8_t, ISAL_DEF_LVL1_DEFAULT> level_buffer;
  };
  thread_local const auto kept = std::make_unique_for_overwrite<State>();
  constexpr size_t kBlock = 65535, kBlockHead = 5, kFrame = 64;  // what does not shrink is stored in blocks
  if (input.size() > std::numeric_limits<uint32_t>::max() / 2) return false;
  out.renew(input.size() + (input.size() / kBlock + 1) * kBlockHead + kFrame);
  isal_zstream& stream = kept->stream;
  isal_deflate_stateless_init(&stream);
  stream.level = 1;
  stream.level_buf = kept->level_buffer.data();
  stream.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
  stream.gzip_flag = gzip ? IGZIP_GZIP : IGZIP_ZLIB;
  stream.end_of_stream = 1;
  stream.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uint32_t>(input.size());
  stream.next_out = out.data.get();
  stream.avail_out = static_cast<uint32_t>(out.capacity);
  if (isal_deflate_stateless(&stream) != COMP_OK) return false;
  out.size = stream.total_out;
  return true;
}

// The default is the fast level. There is no "Huffman only" (-2): the fast level is quicker than that in zlib, and
// smaller.
CodecStatus deflate(bool gzip, int32_t level, std::string_view input, ByteBuffer& out) {
  const bool fast = level == 0 || level == 1 || level == -2;
  if (fast && deflate_fast(gzip, input, out)) return CodecStatus::ok;
  libdeflate_compressor* compressor = deflater(fast ? 1 : level < 0 ? 6 : std::min(level, 9));
  if (!compressor) return CodecStatus::failed;
  auto bound = gzip ? libdeflate_gzip_compress_bound : libdeflate_zlib_compress_bound;
  auto encode = gzip ? libdeflate_gzip_compress : libdeflate_zlib_compress;
  out.renew(bound(compressor, input.size()));
  out.size = encode(compressor, input.data(), input.size(), out.data.get(), out.capacity);
  return out.size ? CodecStatus::ok : CodecStatus::failed;
}

// ---- snappy
// ------------------------------------------------------------------------------------------------------------

constexpr std::string_view kSnappyStream("\xff\x06\x00\x00sNaPpY", 10);
constexpr size_t kSnappyChunk = 65536;

// CRC-32C, rotated and shifted as the format wants it.
uint32_t masked_checksum(std::string_view chunk) {
  auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(chunk.data()));
  const uint32_t crc = ~crc32_iscsi(bytes, static_cast<int>(chunk.size()), ~0u);
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

CodecStatus unsnap_block(std::string_view input, Output& output, ByteBuffer& out) {
  size_t length = 0;
  if (!snappy::GetUncompressedLength(input.data(), input.size(), &length)) return CodecStatus::damaged;
  if (CodecStatus status = output.exactly(out.size + length); status != CodecStatus::ok) return status;
  if (!snappy::RawUncompress(input.data(), input.size(), reinterpret_cast<char*>(out.end()))) {
    return CodecStatus::damaged;
  }
  out.size += length;
  return CodecStatus::ok;
}

CodecStatus unsnap_frames(std::string_view input, Output& output, ByteBuffer& out) {
  if (!input.starts_with(kSnappyStream)) return CodecStatus::damaged;
  auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(input[i])); };
  while (!input.empty()) {
    if (input.size() < 4) return CodecStatus::damaged;
    const uint32_t type = byte(0), length = byte(1) | byte(2) << 8 | byte(3) << 16;
    if (input.size() - 4 < length) return CodecStatus::damaged;
    if (type == 0xff && input.substr(0, 4 + length) != kSnappyStream) return CodecStatus::damaged;
    if (type >= 0x02 && type <= 0x7f) return CodecStatus::damaged;  // reserved, and not to be skipped
    if (type <= 0x01) {
      if (length < 4) return CodecStatus::damaged;
      const uint32_t checksum = byte(4) | byte(5) << 8 | byte(6) << 16 | byte(7) << 24;
      const std::string_view chunk = input.substr(8, length - 4);
      size_t plain = chunk.size();
      if (type == 0 && !snappy::GetUncompressedLength(chunk.data(), chunk.size(), &plain)) return CodecStatus::damaged;
      if (plain > kSnappyChunk) return CodecStatus::damaged;
      while (output.room() < plain) {
        if (CodecStatus status = output.more(); status != CodecStatus::ok) return status;
      }
      if (type == 1) std::copy(chunk.begin(), chunk.end(), out.end());
      if (type == 0 && !snappy::RawUncompress(chunk.data(), chunk.size(), reinterpret_cast<char*>(out.end()))) {
        return CodecStatus::damaged;
      }
      if (masked_checksum({reinterpret_cast<const char*>(out.end()), plain}) != checksum) return CodecStatus::damaged;
      out.size += plain;
    }
    input.remove_prefix(4 + length);
  }
  return output.end();
}

CodecStatus snap_frames(std::string_view input, ByteBuffer& out) {
  const size_t chunks = input.size() / kSnappyChunk + 1;
  out.renew(kSnappyStream.size() + chunks * (8 + snappy::MaxCompressedLength(kSnappyChunk)));
  out.append(kSnappyStream);
  for (; !input.empty(); input.remove_prefix(std::min(kSnappyChunk, input.size()))) {
    const std::string_view chunk = input.substr(0, kSnappyChunk);
    uint8_t* header = out.end();
    size_t length = 0;
    snappy::RawCompress(chunk.data(), chunk.size(), reinterpret_cast<char*>(header) + 8, &length);
    const uint32_t checksum = masked_checksum(chunk);
    header[0] = 0;
    for (int i = 0; i < 3; ++i) header[1 + i] = static_cast<uint8_t>((length + 4) >> (8 * i));
    for (int i = 0; i < 4; ++i) header[4 + i] = static_cast<uint8_t>(checksum >> (8 * i));
    out.size += 8 + length;
  }
  return CodecStatus::ok;
}

// ---- zstd
// --------------------------------------------------------------------------------------------------------------

CodecStatus unzstd(std::string_view input, Output& output, ByteBuffer& out) {
  thread_local std::unique_ptr<ZSTD_DCtx, Freed<ZSTD_freeDCtx>> kept(ZSTD_createDCtx());
  if (!kept || input.empty()) return CodecStatus::damaged;
  ZSTD_DCtx_reset(kept.get(), ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_setParameter(kept.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  const unsigned long long stated = ZSTD_getFrameContentSize(input.data(), input.size());
  const bool known = stated != ZSTD_CONTENTSIZE_UNKNOWN && stated != ZSTD_CONTENTSIZE_ERROR;
  if (CodecStatus status = output.start(known ? stated : input.size() * uint64_t{4}, input.size());
      status != CodecStatus::ok) {
    return status;
  }
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  for (;;) {
    ZSTD_outBuffer to{out.end(), output.room(), 0};
    const size_t expected = ZSTD_decompressStream(kept.get(), &to, &in);
    if (ZSTD_isError(expected)) return CodecStatus::damaged;
    out.size += to.pos;
    const bool full = output.room() == 0;
    if (in.pos == in.size && expected == 0) return output.end();
    if (in.pos == in.size && !full) return CodecStatus::damaged;  // the input ends within a frame
    if (full) {
      if (CodecStatus status = output.more(); status != CodecStatus::ok) return status;
    }
  }
}

CodecStatus zstd(int32_t level, std::string_view input, ByteBuffer& out) {
  thread_local std::unique_ptr<ZSTD_CCtx, Freed<ZSTD_freeCCtx>> kept(ZSTD_createCCtx());
  if (!kept) return CodecStatus::failed;
  out.renew(ZSTD_compressBound(input.size()));
  // The library's own default is 3: on OTLP more than twice the time of 1, and no smaller.
  const int clamped = level == 0 ? 1 : std::clamp(level, ZSTD_minCLevel(), ZSTD_maxCLevel());
  const size_t size = ZSTD_compressCCtx(kept.get(), out.data.get(), out.capacity, input.data(), input.size(), clamped);
  if (ZSTD_isError(size)) return CodecStatus::failed;
  out.size = size;
  return CodecStatus::ok;
}

// ---- lz4
// ---------------------------------------------------------------------------------------------------------------

LZ4F_dctx* new_lz4_context() {
  LZ4F_dctx* context = nullptr;
  return LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) ? nullptr : context;
}

CodecStatus unlz4(std::string_view input, Output& output, ByteBuffer& out) {
  thread_local std::unique_ptr<LZ4F_dctx, Freed<LZ4F_freeDecompressionContext>> kept(new_lz4_context());
  if (!kept || input.empty()) return CodecStatus::damaged;
  LZ4F_resetDecompressionContext(kept.get());
  if (CodecStatus status = output.start(input.size() * uint64_t{4}, input.size()); status != CodecStatus::ok) {
    return status;
  }
  for (;;) {
    size_t made = output.room(), used = input.size();
    const size_t expected = LZ4F_decompress(kept.get(), out.end(), &made, input.data(), &used, nullptr);
    if (LZ4F_isError(expected)) return CodecStatus::damaged;
    out.size += made;
    input.remove_prefix(used);
    const bool full = output.room() == 0;
    if (input.empty() && expected == 0) return output.end();
    if (input.empty() && !full) return CodecStatus::damaged;
    if (!full && used == 0 && made == 0) return CodecStatus::damaged;  // no way forward
    if (full) {
      if (CodecStatus status = output.more(); status != CodecStatus::ok) return status;
    }
  }
}

CodecStatus lz4(std::string_view input, ByteBuffer& out) {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.contentSize = input.size();
  out.renew(LZ4F_compressFrameBound(input.size(), &preferences));
  const size_t size = LZ4F_compressFrame(out.data.get(), out.capacity, input.data(), input.size(), &preferences);
  if (LZ4F_isError(size)) return CodecStatus::failed;
  out.size = size;
  return CodecStatus::ok;
}

}  // namespace

const char* describe(CodecStatus status) {
  switch (status) {
    case CodecStatus::ok:
      return "ok";
    case CodecStatus::damaged:
      return "damaged or cut off";
    case CodecStatus::too_large:
      return "too large";
    case CodecStatus::refused:
      return "no memory left for it";
    case CodecStatus::failed:
      return "cannot be compressed";
  }
  return "";
}

CodecStatus decompress(Codec codec, std::string_view input, const DecodeLimits& limits, ByteBuffer& out) {
  Output output(limits, out);
  switch (codec) {
    case Codec::gzip:
      return inflate(true, input, output, out);
    case Codec::zlib:
    case Codec::deflate:
      return inflate(false, input, output, out);
    case Codec::snappy:
      return input.starts_with(kSnappyStream) ? unsnap_frames(input, output, out) : unsnap_block(input, output, out);
    case Codec::snappy_framed:
      return unsnap_frames(input, output, out);
    case Codec::zstd:
      return unzstd(input, output, out);
    case Codec::lz4:
      return unlz4(input, output, out);
    case Codec::none:
      break;
  }
  if (CodecStatus status = output.exactly(input.size()); status != CodecStatus::ok) return status;
  out.append(input);
  return CodecStatus::ok;
}

CodecStatus compress(Codec codec, int32_t level, std::string_view input, ByteBuffer& out) {
  switch (codec) {
    case Codec::gzip:
      return deflate(true, level, input, out);
    case Codec::zlib:
    case Codec::deflate:
      return deflate(false, level, input, out);
    case Codec::snappy:
      out.renew(snappy::MaxCompressedLength(input.size()));
      snappy::RawCompress(input.data(), input.size(), as_chars(out), &out.size);
      return CodecStatus::ok;
    case Codec::snappy_framed:
      return snap_frames(input, out);
    case Codec::zstd:
      return zstd(level, input, out);
    case Codec::lz4:
      return lz4(input, out);
    case Codec::none:
      break;
  }
  out.renew(input.size());
  out.append(input);
  return CodecStatus::ok;
}

}  // namespace sluice::net
