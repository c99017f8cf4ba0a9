// SPDX-License-Identifier: Apache-2.0
#include "plugins/net/compression.h"

#include <zstd.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace sluice::net {
namespace {

constexpr Codec kCodecs[] = {Codec::none,   Codec::gzip,          Codec::zlib, Codec::deflate,
                             Codec::snappy, Codec::snappy_framed, Codec::zstd, Codec::lz4};

// Half words that repeat, half noise: codecs find something to do, and not everything.
std::string sample(size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) {
    text += "service.name=demo ";
    for (int i = 0; i < 16; ++i) text += static_cast<char>(random());
  }
  text.resize(size);
  return text;
}

std::string packed(Codec codec, std::string_view plain, int32_t level = 0) {
  ByteBuffer out;
  REQUIRE(compress(codec, level, plain, out) == CodecStatus::ok);
  return std::string(out.view());
}

CodecStatus unpack(Codec codec, std::string_view input, size_t limit, std::string* plain = nullptr) {
  ByteBuffer out;
  const CodecStatus status = decompress(codec, input, {limit, nullptr}, out);
  CHECK(out.capacity <= limit + 1);
  if (plain) *plain = out.view();
  return status;
}

}  // namespace

TEST_CASE("compression: every codec, every size, comes back the same", "[compression]") {
  for (Codec codec : kCodecs) {
    for (size_t size : {size_t{0}, size_t{1}, size_t{1000}, size_t{65536}, size_t{65537}, size_t{3'000'000}}) {
      CAPTURE(static_cast<int>(codec), size);
      const std::string plain = sample(size);
      std::string back;
      REQUIRE(unpack(codec, packed(codec, plain), 4 << 20, &back) == CodecStatus::ok);
      CHECK(back == plain);
    }
  }
}

TEST_CASE("compression: every level gives a message that can be read", "[compression]") {
  const std::string plain = sample(100'000);
  for (Codec codec : {Codec::gzip, Codec::deflate, Codec::zstd}) {
    for (int32_t level = -2; level <= 9; ++level) {
      CAPTURE(static_cast<int>(codec), level);
      std::string back;
      REQUIRE(unpack(codec, packed(codec, plain, level), plain.size(), &back) == CodecStatus::ok);
      CHECK(back == plain);
    }
  }
  CHECK(packed(Codec::gzip, plain, 9).size() < packed(Codec::gzip, plain, 1).size());
}

TEST_CASE("compression: output of exactly the limit passes, one byte more is too large", "[compression]") {
  for (Codec codec : kCodecs) {
    for (size_t size : {size_t{1}, size_t{70'000}, size_t{300'000}}) {
      CAPTURE(static_cast<int>(codec), size);
      const std::string input = packed(codec, std::string(size, 'x'));
      CHECK(unpack(codec, input, size) == CodecStatus::ok);
      CHECK(unpack(codec, input, size - 1) == CodecStatus::too_large);
    }
  }
}

TEST_CASE("compression: cut off anywhere, or followed by rubbish, is damaged", "[compression]") {
  const std::string plain = sample(2000);
  for (Codec codec : {Codec::gzip, Codec::zlib, Codec::deflate, Codec::snappy, Codec::zstd, Codec::lz4}) {
    const std::string input = packed(codec, plain);
    for (size_t length = 0; length < input.size(); ++length) {
      CAPTURE(static_cast<int>(codec), length);
      CHECK(unpack(codec, input.substr(0, length), 1 << 20) == CodecStatus::damaged);
    }
    CHECK(unpack(codec, input + "rubbish!rubbish!", 1 << 20) == CodecStatus::damaged);
  }
}

TEST_CASE("compression: a flipped bit in framed snappy is found by its checksum", "[compression]") {
  std::string input = packed(Codec::snappy_framed, sample(5000));
  for (size_t at = 0; at < input.size(); at += 97) {
    std::string bad = input;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    CAPTURE(at);
    CHECK(unpack(Codec::snappy_framed, bad, 1 << 20) == CodecStatus::damaged);
  }
}

TEST_CASE("compression: framed snappy is taken under the name of the block format", "[compression]") {
  const std::string plain = sample(70'000);
  std::string back;
  REQUIRE(unpack(Codec::snappy, packed(Codec::snappy_framed, plain), 1 << 20, &back) == CodecStatus::ok);
  CHECK(back == plain);
  CHECK(unpack(Codec::snappy_framed, packed(Codec::snappy, plain), 1 << 20) == CodecStatus::damaged);
}

TEST_CASE("compression: several members or frames make one message", "[compression]") {
  const std::string a = sample(3000), b = sample(90'000);
  for (Codec codec : {Codec::gzip, Codec::zstd, Codec::lz4}) {
    CAPTURE(static_cast<int>(codec));
    const std::string input = packed(codec, a) + packed(codec, b);
    std::string back;
    REQUIRE(unpack(codec, input, 1 << 20, &back) == CodecStatus::ok);
    CHECK(back == a + b);
    CHECK(unpack(codec, input, a.size() + b.size() - 1) == CodecStatus::too_large);
  }
}

TEST_CASE("compression: flags of gzip that nobody has defined are refused", "[compression]") {
  const std::string plain = sample(1000), good = packed(Codec::gzip, plain);
  for (unsigned flag : {0x20u, 0x40u, 0x80u}) {
    std::string input = good;
    input[3] = static_cast<char>(flag);
    CHECK(unpack(Codec::gzip, input, 1 << 20) == CodecStatus::damaged);
    CHECK(unpack(Codec::gzip, good + input, 1 << 20) == CodecStatus::damaged);
  }
}

TEST_CASE("compression: a bomb takes no more memory than the limit", "[compression]") {
  const std::string zeros(64 << 20, '\0');
  for (Codec codec : {Codec::gzip, Codec::deflate, Codec::snappy, Codec::snappy_framed, Codec::zstd, Codec::lz4}) {
    CAPTURE(static_cast<int>(codec));
    CHECK(unpack(codec, packed(codec, zeros), 1 << 20) == CodecStatus::too_large);
  }
}

TEST_CASE("compression: a lie about the length takes no memory", "[compression]") {
  std::string four_gib("\xff\xff\xff\xff\x0f", 5);  // snappy: so many bytes will come
  CHECK(unpack(Codec::snappy, four_gib + "abc", 1 << 20) == CodecStatus::too_large);
  std::string gzip = packed(Codec::gzip, "hello");
  gzip.replace(gzip.size() - 4, 4, std::string("\xff\xff\xff\x7f", 4));
  CHECK(unpack(Codec::gzip, gzip, 1 << 20) == CodecStatus::damaged);
  CHECK(unpack(Codec::gzip, gzip, size_t{1} << 40) == CodecStatus::damaged);
}

TEST_CASE("compression: a zstd window over 8 MiB is refused", "[compression]") {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
  std::string input(1000, '\0');
  const std::string plain = sample(100);
  ZSTD_outBuffer out{input.data(), input.size(), 0};
  ZSTD_inBuffer in{plain.data(), 50, 0};
  REQUIRE(!ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush)));  // not told the size: full window
  in.size = plain.size();
  REQUIRE(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end) == 0);
  ZSTD_freeCCtx(context);
  CHECK(unpack(Codec::zstd, input.substr(0, out.pos), 1 << 20) == CodecStatus::damaged);
}

TEST_CASE("compression: memory is asked for before it is taken, and a no is obeyed", "[compression]") {
  const std::string zeros(200'000, '\0');
  for (Codec codec : kCodecs) {
    CAPTURE(static_cast<int>(codec));
    const std::string input = packed(codec, zeros);
    uint64_t granted = 0;
    ByteBuffer out;
    CHECK(decompress(codec, input, {1 << 20, [&](uint64_t more) { return granted += more, true; }}, out) ==
          CodecStatus::ok);
    CHECK(granted == out.capacity);
    ByteBuffer none;
    CHECK(decompress(codec, input, {1 << 20, [](uint64_t) { return false; }}, none) == CodecStatus::refused);
    CHECK(none.capacity == 0);
  }
}

}  // namespace sluice::net
