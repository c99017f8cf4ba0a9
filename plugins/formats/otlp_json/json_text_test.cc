// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/otlp_json/json_text.h"

#include <catch2/catch.hpp>
#include <utility>

namespace sluice::formats {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string unescaped(std::string_view raw) {
  std::string out;
  return append_unescaped(out, raw) ? out : "refused";
}

TEST_CASE("json text: strings are escaped where JSON demands it", "[otlp_json]") {
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("plain ü") == "\"plain ü\"");
  CHECK(quoted("a\"b\\c/d") == "\"a\\\"b\\\\c/d\"");
  CHECK(quoted("\n\r\t\b\f") == "\"\\n\\r\\t\\b\\f\"");
  CHECK(quoted(std::string("\0\x1f\x7f", 3)) == "\"\\u0000\\u001f\x7f\"");
}

TEST_CASE("json text: escapes are read, wrong ones refused", "[otlp_json]") {
  CHECK(unescaped("a\\\"\\\\\\/\\b\\f\\n\\r\\tz") == "a\"\\/\b\f\n\r\tz");
  CHECK(unescaped("\\u0041\\u00e4\\u20ac\\ud83d\\uDE00") == "Aä€😀");
  CHECK(unescaped("\\u0000") == std::string(1, '\0'));
  CHECK(unescaped("\\") == "refused");
  CHECK(unescaped("\\x") == "refused");
  CHECK(unescaped("\\u12") == "refused");
  CHECK(unescaped("\\u12g4") == "refused");
}

TEST_CASE("json text: an unpaired surrogate becomes the replacement character", "[otlp_json]") {
  CHECK(unescaped("a\\ud83d") == "a\xef\xbf\xbd");
  CHECK(unescaped("\\ud83dz") == "\xef\xbf\xbdz");
  CHECK(unescaped("\\ude00") == "\xef\xbf\xbd");
  CHECK(unescaped("\\ud83d\\ud83d\\ude00") == "\xef\xbf\xbd😀");
  CHECK(unescaped("\\ud83d\\u0041") ==
        "\xef\xbf\xbd"
        "A");
}

TEST_CASE("json text: hex both ways", "[otlp_json]") {
  std::string out;
  append_hex(out, wire::to_bytes(std::string_view("\x00\x9f\xff", 3)));
  CHECK(out == "009fff");
  std::string bytes;
  CHECK(append_from_hex(bytes, "009fFF"));
  CHECK(bytes == std::string("\x00\x9f\xff", 3));
  CHECK_FALSE(append_from_hex(bytes, "123"));
  CHECK_FALSE(append_from_hex(bytes, "1g"));
  CHECK_FALSE(append_from_hex(bytes, "g1"));
}

TEST_CASE("json text: base64 both ways, either alphabet, padded or not", "[otlp_json]") {
  const std::pair<const char*, const char*> cases[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                                       {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xfb\xff\xbf", "+/+/"}};
  for (const auto& [bytes, base64] : cases) {
    std::string out;
    append_base64(out, wire::to_bytes(bytes));
    CHECK(out == base64);
    std::string back;
    CHECK(append_from_base64(back, base64));
    CHECK(back == bytes);
    std::string_view unpadded = base64;
    while (unpadded.ends_with('=')) unpadded.remove_suffix(1);
    back.clear();
    CHECK(append_from_base64(back, unpadded));
    CHECK(back == bytes);
  }
  std::string out;
  CHECK(append_from_base64(out, "-_-_"));
  CHECK(out == "\xfb\xff\xbf");
  for (const char* wrong : {"Z", "Zm9vY", "Zg=", "Z===", "====", "Zm 9", "Zm9v!", "Zg==Zg=="}) {
    CHECK_FALSE(append_from_base64(out, wrong));
  }
}

TEST_CASE("json text: durations both ways", "[otlp_json]") {
  struct Case {
    int64_t seconds;
    int32_t nanos;
    const char* text;
  };
  const Case cases[] = {{0, 0, "0s"},
                        {2, 0, "2s"},
                        {1, 500'000'000, "1.500s"},
                        {0, 1, "0.000000001s"},
                        {-1, -250'000, "-1.000250s"},
                        {0, -500'000'000, "-0.500s"}};
  for (const Case& c : cases) {
    std::string out;
    append_duration(out, c.seconds, c.nanos);
    CHECK(out == c.text);
    int64_t seconds = 9;
    int32_t nanos = 9;
    CHECK(parse_duration(c.text, seconds, nanos));
    CHECK(seconds == c.seconds);
    CHECK(nanos == c.nanos);
  }
  int64_t seconds = 0;
  int32_t nanos = 0;
  for (const char* wrong : {"", "s", "2", "2m", "--2s", "1.s", ".5s", "1.2.3s", "1.0000000001s", "1.-5s", "+2s", "-+2s",
                            "315576000001s", "99999999999999999999s"}) {
    CHECK_FALSE(parse_duration(wrong, seconds, nanos));
  }
}

}  // namespace
}  // namespace sluice::formats
