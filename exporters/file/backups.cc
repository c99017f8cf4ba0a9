// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/backups.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <system_error>
#include <utility>

#include "exporters/file/group_path.h"

namespace sluice::exporters {
namespace {

constexpr std::string_view kTimeShape = "0000-00-00T00-00-00.000";
constexpr uint64_t kDayMs = uint64_t{24} * 60 * 60 * 1000;

struct NameParts {
  std::string_view stem, extension;  // the extension with its dot
};

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

NameParts parts_of(std::string_view path) {
  const std::string_view name = file_name(path);
  const size_t dot = std::min(name.rfind('.'), name.size());
  return {name.substr(0, dot), name.substr(dot)};
}

bool has_time_shape(std::string_view text) {
  return text.size() == kTimeShape.size() &&
         std::equal(text.begin(), text.end(), kTimeShape.begin(), [](char found, char shape) {
           return shape == '0' ? found >= '0' && found <= '9' : found == shape;
         });
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
}

int number(std::string_view digits) {
  int value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return value;
}

}  // namespace

std::string backup_path(std::string_view path, uint64_t unix_ms, bool localtime) {
  const auto seconds = static_cast<time_t>(unix_ms / 1000);
  std::tm date{};
  localtime ? ::localtime_r(&seconds, &date) : ::gmtime_r(&seconds, &date);
  char time[64];
  std::snprintf(time, sizeof time, "-%04d-%02d-%02dT%02d-%02d-%02d.%03d", date.tm_year + 1900, date.tm_mon + 1,
                date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec, static_cast<int>(unix_ms % 1000));
  const NameParts parts = parts_of(path);
  std::string backup(path.substr(0, path.size() - parts.extension.size()));
  return backup.append(time).append(parts.extension);
}

std::optional<uint64_t> backup_time(std::string_view path, std::string_view name, bool localtime) {
  const auto [stem, extension] = parts_of(path);
  if (!name.starts_with(stem) || !name.ends_with(extension)) return std::nullopt;
  if (name.size() < stem.size() + 1 + kTimeShape.size() + extension.size()) return std::nullopt;
  name.remove_prefix(stem.size());
  name.remove_suffix(extension.size());
  if (!name.starts_with('-')) return std::nullopt;
  const std::string_view time = name.substr(1, kTimeShape.size());
  const std::string_view rest = name.substr(1 + kTimeShape.size());
  if (!has_time_shape(time)) return std::nullopt;
  if (!rest.empty() && !(rest.starts_with('-') && is_word(rest.substr(1)))) return std::nullopt;
  std::tm date{};
  date.tm_year = number(time.substr(0, 4)) - 1900;
  date.tm_mon = number(time.substr(5, 2)) - 1;
  date.tm_mday = number(time.substr(8, 2));
  date.tm_hour = number(time.substr(11, 2));
  date.tm_min = number(time.substr(14, 2));
  date.tm_sec = number(time.substr(17, 2));
  date.tm_isdst = -1;
  const time_t seconds = localtime ? ::mktime(&date) : ::timegm(&date);
  if (seconds < 0) return std::nullopt;
  return static_cast<uint64_t>(seconds) * 1000 + static_cast<uint64_t>(number(time.substr(20, 3)));
}

std::string remove_outdated_backups(const std::string& path, const BackupPolicy& policy, uint64_t now_unix_ms) {
  if (policy.max_backups == 0 && policy.max_days == 0) return {};
  const std::string folder = folder_of(path);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), ::closedir);
  if (!entries) return "cannot list \"" + folder + "\": " + std::generic_category().message(errno);
  std::vector<std::pair<uint64_t, std::string>> backups;
  while (const dirent* entry = ::readdir(entries.get()))
    if (const auto time = backup_time(path, entry->d_name, policy.localtime))
      backups.emplace_back(*time, entry->d_name);
  std::sort(backups.rbegin(), backups.rend());
  const uint64_t age = policy.max_days * kDayMs;
  const uint64_t oldest = policy.max_days == 0 || age > now_unix_ms ? 0 : now_unix_ms - age;
  std::string problem;
  for (size_t i = 0; i < backups.size(); ++i) {
    const bool spare = policy.max_backups != 0 && i >= policy.max_backups;
    if (!spare && backups[i].first >= oldest) continue;
    const std::string backup = folder + "/" + backups[i].second;
    if (::unlink(backup.c_str()) != 0 && errno != ENOENT)
      problem = "cannot remove \"" + backup + "\": " + std::generic_category().message(errno);
  }
  return problem;
}

}  // namespace sluice::exporters
