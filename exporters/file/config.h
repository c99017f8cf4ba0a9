// SPDX-License-Identifier: Apache-2.0
// Settings of the file exporter.
#ifndef SLUICE_EXPORTERS_FILE_CONFIG_H
#define SLUICE_EXPORTERS_FILE_CONFIG_H

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

#include "plugins/net/settings/compression.h"
#include "plugins/sdk/settings.h"

namespace sluice::exporters {

enum class FileFormat : uint8_t { json, proto };

struct RotationConfig {
  uint32_t max_megabytes = 100;
  uint32_t max_days = 0;
  uint32_t max_backups = 100;
  bool localtime = false;

  void settings(Settings& s) {
    s("max_megabytes", max_megabytes, "Begin a new file before this one gets larger, in 1048576 bytes; 0: 100.")
        .unit("MiB");
    s("max_days", max_days, "Remove backups that are older, by the time in their names; 0: never.").unit("days");
    s("max_backups", max_backups, "Keep so many of the newest backups; 0: all.").unit("files");
    s("localtime", localtime, "Name backups after the local time instead of UTC.");
  }
};

struct GroupByConfig {
  bool enabled = false;
  std::string resource_attribute = "fileexporter.path_segment";
  uint32_t max_open_files = 100;

  void settings(Settings& s) {
    s("enabled", enabled, "Write to a file for each value of a resource attribute, which replaces the * in path.");
    s("resource_attribute", resource_attribute, "The attribute; what has none, or no text in it, is rejected.");
    s("max_open_files", max_open_files, "Keep so many files open; the one that rested longest is closed.")
        .min(1)
        .unit("files");
  }
};

struct FileConfig {
  std::string path;
  bool append = false;
  Section<RotationConfig> rotation;
  FileFormat format = FileFormat::json;
  net::Codec compression = net::Codec::none;
  net::CompressionParams compression_params;
  Duration flush_interval = std::chrono::seconds(1);
  bool create_directory = false;
  std::string directory_permissions;
  GroupByConfig group_by;

  // The directory_permissions; 0755 if there are none.
  uint32_t directory_mode() const {
    uint32_t mode = 0755;
    const char* text = directory_permissions.data();
    std::from_chars(text, text + directory_permissions.size(), mode, 8);
    return mode;
  }

  void settings(Settings& s) {
    using namespace literals;
    s("path", path, "File to write to; relative to the working directory.").required();
    s("append", append, "Keep what is in the file at the start; otherwise it is emptied.");
    s("rotation", rotation, "Move a full file aside and begin a new one. What is in the file at the start is kept.");
    s("format", format, "How telemetry is written: OTLP/JSON, an object a line, or OTLP's protobuf.",
      {{"json", FileFormat::json}, {"proto", FileFormat::proto}});
    s.unsupported("encoding", "encoding extensions are not supported yet; leave it out and choose a format");
    s("compression", compression, "How each record is compressed.",
      {{"", net::Codec::none}, {"zstd", net::Codec::zstd}});
    s("compression_params", compression_params, "Parameters of the compression.");
    s("flush_interval", flush_interval,
      "Longest time until the file has what was taken. Everything is written before it is answered, so any is kept.")
        .min(0s);
    s("create_directory", create_directory, "Create the folder of path if it is not there.");
    s("directory_permissions", directory_permissions, "Mode of created folders, octal, less the umask.")
        .pattern("[0-7]{1,6}")
        .example("\"0750\"")
        .default_text("0755");
    s("group_by", group_by, "Write to several files.");

    s.check(!append || !rotation, "append",
            "append and rotation enabled at the same time is not supported; rotation keeps what is in the file anyway");
    s.check(compression == net::Codec::zstd || compression_params.level == 0, "compression_params",
            "needs compression: zstd");
    s.check(directory_permissions.empty() || create_directory, "directory_permissions", "needs create_directory: true");
    s.check(directory_mode() <= 0777, "directory_permissions", "must be of read, write and search bits, at most 0777");
    const auto stars = std::count(path.begin(), path.end(), '*');
    s.check(!group_by.enabled || stars == 1, "path", "must have exactly one * where group_by is enabled");
    s.check(!group_by.enabled || !path.starts_with('*'), "path", "must not begin with * where group_by is enabled");
    s.check(!group_by.enabled || !group_by.resource_attribute.empty(), "group_by",
            "resource_attribute must not be empty");
  }
};

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_FILE_CONFIG_H
