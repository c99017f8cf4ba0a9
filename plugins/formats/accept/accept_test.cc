// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/accept/accept.h"

#include <catch2/catch.hpp>

namespace sluice::formats {
namespace {

std::string_view favourite(std::string_view accept_encoding) {
  constexpr std::string_view kOffered[] = {"zstd", "gzip"};
  return favourite_coding(accept_encoding, kOffered);
}

TEST_CASE("Accept-Encoding: the client's favourite", "[formats][accept]") {
  for (const char* accept :
       {"", "identity", "br", "gzip;q=0", "zstd;q=0, gzip;q=0", "identity, gzip;q=0.5", "*;q=0", "gzip;q=nonsense"}) {
    INFO(accept);
    CHECK(favourite(accept).empty());
  }
  for (const char* accept : {"gzip", "GZip", "br, gzip;q=0.5", "gzip, zstd;q=0.9", "identity;q=0.1, gzip;q=0.2",
                             "*, zstd;q=0", "deflate ,gzip ; q=1"}) {
    INFO(accept);
    CHECK(favourite(accept) == "gzip");
  }
  for (const char* accept : {"zstd", "gzip, zstd", "*", "gzip;q=0.5, zstd;q=0.6", "identity, zstd"}) {
    INFO(accept);
    CHECK(favourite(accept) == "zstd");
  }
}

TEST_CASE("Accept-Encoding: what is not offered, is not chosen", "[formats][accept]") {
  constexpr std::string_view kGzip[] = {"gzip"};
  CHECK(favourite_coding("zstd, gzip;q=0.1", kGzip) == "gzip");
  CHECK(favourite_coding("zstd", kGzip).empty());
  CHECK(favourite_coding("*", kGzip) == "gzip");
  CHECK(favourite_coding("gzip", {}).empty());
}

TEST_CASE("Accept: values, parameters and weights of a list", "[formats][accept]") {
  const auto entries = read_accept(" a/b ; x=1;Y=\"2,;\" ;q=0.25 ,, c/d;q=2, e/f;q=-1");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].value == "a/b");
  CHECK(entries[0].parameter("x") == "1");
  CHECK(entries[0].parameter("y") == "2,;");
  CHECK(entries[0].parameter("z").empty());
  CHECK(entries[0].weight == 0.25);
  CHECK(entries[1].weight == 1);
  CHECK(entries[2].weight == 0);
}

}  // namespace
}  // namespace sluice::formats
