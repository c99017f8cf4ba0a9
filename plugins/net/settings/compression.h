// SPDX-License-Identifier: Apache-2.0
// Settings of compression: how requests are encoded on the way out, which encodings are taken on the way in.
#ifndef SLUICE_PLUGINS_NET_SETTINGS_COMPRESSION_H
#define SLUICE_PLUGINS_NET_SETTINGS_COMPRESSION_H

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "plugins/sdk/settings.h"

namespace sluice::net {

// `zlib` and `deflate` are two names of one format (RFC 9110, 8.4.1.2), kept apart because the name goes on the wire.
enum class Codec : uint8_t { none, gzip, zlib, deflate, snappy, snappy_framed, zstd, lz4 };

inline constexpr const char* kCodecNames = "gzip, zlib, deflate, snappy, x-snappy-framed, zstd, lz4";

// By the name in Content-Encoding.
inline std::optional<Codec> codec_of(std::string_view name) {
  constexpr std::pair<std::string_view, Codec> kNames[] = {{"gzip", Codec::gzip},
                                                           {"zlib", Codec::zlib},
                                                           {"deflate", Codec::deflate},
                                                           {"snappy", Codec::snappy},
                                                           {"x-snappy-framed", Codec::snappy_framed},
                                                           {"zstd", Codec::zstd},
                                                           {"lz4", Codec::lz4},
                                                           {"identity", Codec::none}};
  for (auto [known, codec] : kNames)
    if (known == name) return codec;
  return std::nullopt;
}

struct CompressionParams {
  int32_t level = 0;  // as upstream, 0 is the codec's default, not "stored"
  void settings(Settings& s) {
    s("level", level,
      "How hard to try. gzip, zlib, deflate: 1 (quick) to 9 (small), -1: 6, -2: 1; zstd: 1 to 22; 0: quick.");
  }
};

struct ClientCompression {
  Codec compression = Codec::none;
  CompressionParams compression_params;

  void settings(Settings& s) {
    s("compression", compression, "How requests are compressed.",
      {{"gzip", Codec::gzip},
       {"zstd", Codec::zstd},
       {"snappy", Codec::snappy},
       {"x-snappy-framed", Codec::snappy_framed},
       {"zlib", Codec::zlib},
       {"deflate", Codec::deflate},
       {"lz4", Codec::lz4},
       {"none", Codec::none},
       {"", Codec::none}});
    s("compression_params", compression_params, "Parameters of the compression.");
    const bool deflate = compression == Codec::gzip || compression == Codec::zlib || compression == Codec::deflate;
    const int32_t level = compression_params.level;
    s.check(!deflate || (level >= -2 && level <= 9), "compression_params",
            "level must be from -2 to 9 for gzip, zlib and deflate");
    s.check(deflate || compression == Codec::zstd || level == 0, "compression_params",
            "this compression has no levels: level must be 0");
  }
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_SETTINGS_COMPRESSION_H
