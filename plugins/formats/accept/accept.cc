// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/accept/accept.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace sluice::formats {
namespace {

constexpr std::string_view kBlank = " \t";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

// Takes what is before the next separator off the front. One within quotation marks does not count.
std::string_view take(std::string_view& list, char separator) {
  bool quoted = false;
  size_t end = 0;
  for (; end < list.size(); ++end) {
    if (quoted && list[end] == '\\') {
      ++end;
      continue;
    }
    if (list[end] == '"') quoted = !quoted;
    if (list[end] == separator && !quoted) break;
  }
  end = std::min(end, list.size());
  const std::string_view part = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  return trimmed(part);
}

// From 0 to 1; what is no number is 0: nobody is given what they may have refused.
double weight_of(std::string_view text) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight, std::chars_format::fixed);
  const bool number = error == std::errc() && end == text.data() + text.size() && weight >= 0;
  return number ? std::min(weight, 1.0) : 0;
}

}  // namespace

bool same_token(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

std::string_view AcceptEntry::parameter(std::string_view name) const {
  for (const auto& [key, text] : parameters)
    if (same_token(key, name)) return text;
  return {};
}

std::vector<AcceptEntry> read_accept(std::string_view list) {
  std::vector<AcceptEntry> entries;
  while (!list.empty()) {
    std::string_view text = take(list, ',');
    AcceptEntry entry;
    entry.value = take(text, ';');
    if (entry.value.empty()) continue;
    while (!text.empty()) {
      std::string_view value = take(text, ';');
      const std::string_view key = take(value, '=');
      value = trimmed(value);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
      if (same_token(key, "q"))
        entry.weight = weight_of(value);
      else
        entry.parameters.emplace_back(key, value);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string_view favourite_coding(std::string_view accept_encoding, std::span<const std::string_view> offered) {
  const std::vector<AcceptEntry> entries = read_accept(accept_encoding);
  double best = 0;  // identity is always possible, but wanted only where it is named
  for (const AcceptEntry& entry : entries)
    if (same_token(entry.value, "identity")) best = entry.weight;
  const auto weight = [&entries](std::string_view name) {
    double any = 0;
    for (const AcceptEntry& entry : entries) {
      if (same_token(entry.value, name)) return entry.weight;
      if (entry.value == "*") any = entry.weight;
    }
    return any;
  };
  std::string_view favourite;
  for (const std::string_view name : offered) {
    const double wanted = weight(name);
    if (wanted == 0 || wanted < best || (wanted == best && !favourite.empty())) continue;
    best = wanted;
    favourite = name;
  }
  return favourite;
}

}  // namespace sluice::formats
