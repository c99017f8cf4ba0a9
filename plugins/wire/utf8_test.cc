// SPDX-License-Identifier: Apache-2.0
#include "plugins/wire/utf8.h"

#include <catch2/catch.hpp>
#include <string>

namespace sluice::wire {
namespace {

bool valid(std::string_view text) {
  return is_utf8(to_bytes(text).data(), text.size());
}

TEST_CASE("utf8: first and last code point of each length", "[wire]") {
  for (const char* text : {"", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CHECK(valid(text));
  }
  CHECK(valid(std::string_view("\0", 1)));
}

TEST_CASE("utf8: overlong forms, surrogates, too large and cut short are refused", "[wire]") {
  for (const char* text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
                           "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc2", "\xe1\x80",
                           "\xf1\x80\x80", "\xc2\x20", "\xe1\x80\x20", "\xf1\x80\x80\x20"}) {
    CHECK_FALSE(valid(text));
  }
}

TEST_CASE("utf8: a bad byte is seen at every place of strings of every length to 100", "[wire]") {
  for (size_t length = 1; length <= 100; ++length) {
    CHECK(valid(std::string(length, 'a')));
    for (size_t at = 0; at < length; ++at) {
      std::string text(length, 'a');
      text[at] = '\xff';
      CHECK_FALSE(valid(text));
      CHECK(utf8_prefix(to_bytes(text).data(), length) == at);
    }
  }
}

}  // namespace
}  // namespace sluice::wire
