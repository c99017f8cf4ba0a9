// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/names.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>
#include <vector>

namespace sluice::formats::prometheus {
namespace {

using Word = std::pair<std::string_view, std::string_view>;

constexpr Word kUnits[] = {
    {"d", "days"},          {"h", "hours"},        {"min", "minutes"},   {"s", "seconds"},      {"ms", "milliseconds"},
    {"us", "microseconds"}, {"ns", "nanoseconds"}, {"By", "bytes"},      {"KiBy", "kibibytes"}, {"MiBy", "mebibytes"},
    {"GiBy", "gibibytes"},  {"TiBy", "tibibytes"}, {"KBy", "kilobytes"}, {"MBy", "megabytes"},  {"GBy", "gigabytes"},
    {"TBy", "terabytes"},   {"m", "meters"},       {"V", "volts"},       {"A", "amperes"},      {"J", "joules"},
    {"W", "watts"},         {"g", "grams"},        {"Cel", "celsius"},   {"Hz", "hertz"},       {"1", ""},
    {"%", "percent"},
};
constexpr Word kPerUnits[] = {
    {"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"}, {"w", "week"}, {"mo", "month"}, {"y", "year"},
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_token_char(char c) {
  return is_letter(c) || is_digit(c) || c == ':';
}
// Of a character of several bytes, all but the first.
bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

// One part of a unit as a word; empty for none and for annotations such as {request}.
std::string_view unit_word(std::span<const Word> table, std::string_view unit) {
  unit = trimmed(unit);
  if (unit.find_first_of("{}") != std::string_view::npos) return {};
  const auto* known =
      std::find_if(table.data(), table.data() + table.size(), [unit](const Word& word) { return word.first == unit; });
  return known != table.data() + table.size() ? known->second : unit;
}

struct UnitWords {
  std::string main, per;  // per: with its "per_"
};

UnitWords unit_words(std::string_view unit) {
  UnitWords words;
  const size_t slash = unit.find('/');
  words.main = unit_word(kUnits, unit.substr(0, slash));
  if (slash == std::string_view::npos) return words;
  if (const std::string_view per = unit_word(kPerUnits, unit.substr(slash + 1)); !per.empty())
    words.per.append("per_").append(per);
  return words;
}

// Runs of characters that a token cannot have become one underscore; none is in front.
std::string cleaned(std::string_view word) {
  std::string out;
  for (const char c : word) {
    if (is_token_char(c))
      out += c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  return out;
}

void strip_underscore(std::string& word) {
  if (word.ends_with('_')) word.pop_back();
}

template <class IsPart>
std::vector<std::string> tokens_of(std::string_view name, IsPart is_part) {
  std::vector<std::string> tokens;
  bool within = false;
  for (const char c : name) {
    if (!is_part(c)) {
      within = false;
    } else {
      if (!std::exchange(within, true)) tokens.emplace_back();
      tokens.back() += c;
    }
  }
  return tokens;
}

std::string joined(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) {
    if (!out.empty()) out += '_';
    out += token;
  }
  return out;
}

bool has(const std::vector<std::string>& tokens, const std::string& token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

void move_to_end(std::vector<std::string>& tokens, const char* token) {
  std::erase(tokens, token);
  tokens.emplace_back(token);
}

bool only_underscores(std::string_view name) {
  return name.find_first_not_of('_') == std::string_view::npos;
}

std::string with_suffixes(std::string_view name, std::string_view unit, Suffix suffix) {
  std::vector<std::string> tokens = tokens_of(name, is_token_char);
  UnitWords words = unit_words(unit);
  words.main = cleaned(words.main);
  words.per = cleaned(words.per);
  if (words.per == "per_") words.per.clear();
  strip_underscore(words.per);
  if (has(tokens, words.main)) words.main.clear();
  if (has(tokens, words.per)) words.per.clear();
  if (!words.per.empty()) strip_underscore(words.main);
  if (!words.main.empty()) tokens.push_back(words.main);
  if (!words.per.empty()) tokens.push_back(words.per);
  if (suffix == Suffix::total) move_to_end(tokens, "total");
  if (suffix == Suffix::ratio && unit == "1") move_to_end(tokens, "ratio");
  return joined(tokens);
}

// Takes `word` and the character before it off the end of `name`.
void strip_word(std::string& name, std::string_view word) {
  if (name.ends_with(word) && name.size() > word.size() + 1) name.resize(name.size() - word.size() - 1);
}

std::string unescaped_with_suffixes(std::string name, std::string_view unit, Suffix suffix) {
  const bool ratio = suffix == Suffix::ratio && unit == "1";
  const UnitWords words = unit_words(unit);
  if (ratio) strip_word(name, "ratio");
  if (suffix == Suffix::total) strip_word(name, "total");
  if (!words.per.empty()) strip_word(name, words.per);
  if (!words.main.empty() && !name.ends_with(words.main)) name.append("_").append(words.main);
  if (!words.per.empty()) name.append("_").append(words.per);
  if (suffix == Suffix::total) name += "_total";
  if (ratio) name += "_ratio";
  return name;
}

}  // namespace

std::string metric_name(Translation translation, std::string_view name_space, std::string_view name,
                        std::string_view unit, Suffix suffix) {
  if (name.empty()) return {};
  if (!translation.escape) {
    std::string whole(name_space);
    if (!whole.empty()) whole += '_';
    whole += name;
    return translation.suffixes ? unescaped_with_suffixes(std::move(whole), unit, suffix) : whole;
  }
  const auto is_name_char = [](char c) { return is_token_char(c) || c == '_'; };
  std::string out = translation.suffixes ? with_suffixes(name, unit, suffix) : joined(tokens_of(name, is_name_char));
  if (only_underscores(out)) return {};
  if (!name_space.empty()) out.insert(0, joined(tokens_of(name_space, is_name_char)) + '_');
  if (is_digit(out.front())) out.insert(0, 1, '_');
  return out;
}

std::string label_name(Translation translation, std::string_view key) {
  if (!translation.escape) return std::string(key);
  std::string out;
  for (const char c : key) {
    if (is_letter(c) || is_digit(c) || c == '_')
      out += c;
    else if (!is_continuation(c))
      out += '_';
  }
  if (only_underscores(out)) return {};
  if (is_digit(out.front())) out.insert(0, "key_");
  return out;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_token_char(c) || c == '_'; });
}

std::string escape_name(std::string_view name, Escaping escaping) {
  const bool plain = is_plain_name(name);
  if (name.empty() || escaping == Escaping::allow_utf8 || (plain && escaping != Escaping::dots))
    return std::string(name);
  std::string out = escaping == Escaping::values ? "U__" : "";
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (is_continuation(c)) continue;
    const bool fits = is_letter(c) || c == ':' || (is_digit(c) && i > 0);
    if (c == '_') {
      out += escaping == Escaping::underscores ? "_" : "__";
    } else if (fits) {
      out += c;
    } else if (escaping == Escaping::underscores) {
      out += '_';
    } else if (escaping == Escaping::dots) {
      out += c == '.' ? "_dot_" : "__";
    } else {  // the character's number in hex between underscores
      const auto first = static_cast<unsigned char>(c);
      uint32_t number = first < 0x80 ? first : first < 0xe0 ? first & 0x1fU : first < 0xf0 ? first & 0x0fU : first & 7U;
      for (size_t k = i + 1; k < name.size() && is_continuation(name[k]); ++k)
        number = number << 6 | (static_cast<unsigned char>(name[k]) & 0x3fU);
      char hex[8];
      out.append("_").append(hex, std::to_chars(hex, hex + sizeof hex, number, 16).ptr).append("_");
    }
  }
  return out;
}

}  // namespace sluice::formats::prometheus
