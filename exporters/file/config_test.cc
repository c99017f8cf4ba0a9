// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/config.h"

#include <catch2/catch.hpp>

#include "plugins/testing/config.h"

namespace sluice::testing {
namespace {

using exporters::FileConfig;
using exporters::FileFormat;
using Said = std::vector<std::string>;

Said said(const std::string& yaml) {
  return config<FileConfig>(yaml).said;
}

TEST_CASE("file settings: declared soundly", "[exporter][file]") {
  CHECK(declaration_mistakes<FileConfig>() == Said{});
}

TEST_CASE("file settings: defaults are those of the OpenTelemetry Collector", "[exporter][file]") {
  const auto read = config<FileConfig>("path: ./foo");
  CHECK(read.said == Said{});
  CHECK(read.settings.path == "./foo");
  CHECK_FALSE(read.settings.append);
  CHECK_FALSE(read.settings.rotation);
  CHECK(read.settings.format == FileFormat::json);
  CHECK(read.settings.compression == net::Codec::none);
  CHECK(read.settings.flush_interval == std::chrono::seconds(1));
  CHECK_FALSE(read.settings.create_directory);
  CHECK(read.settings.directory_mode() == 0755);
  CHECK_FALSE(read.settings.group_by.enabled);
  CHECK(read.settings.group_by.resource_attribute == "fileexporter.path_segment");
  CHECK(read.settings.group_by.max_open_files == 100);
}

TEST_CASE("file settings: rotation is on where it is written, with defaults of its own", "[exporter][file]") {
  const auto read = config<FileConfig>("{path: ./foo, rotation: }");
  CHECK(read.said == Said{});
  REQUIRE(read.settings.rotation);
  CHECK(read.settings.rotation->max_megabytes == 100);
  CHECK(read.settings.rotation->max_days == 0);
  CHECK(read.settings.rotation->max_backups == 100);
  CHECK_FALSE(read.settings.rotation->localtime);
}

TEST_CASE("file settings: group_by without enabled stays off", "[exporter][file]") {
  CHECK_FALSE(config<FileConfig>("{path: ./foo, group_by: {max_open_files: 3}}").settings.group_by.enabled);
}

TEST_CASE("file settings: a file with every key is read", "[exporter][file]") {
  const auto read = config<FileConfig>(R"(
path: ./out/*.bin
rotation: {max_megabytes: 10, max_days: 3, max_backups: 4, localtime: true}
format: proto
compression: zstd
compression_params: {level: 6}
flush_interval: 5s
create_directory: true
directory_permissions: "0700"
group_by: {enabled: true, resource_attribute: tenant, max_open_files: 7}
)");
  CHECK(read.said == Said{});
  CHECK(read.settings.rotation->max_megabytes == 10);
  CHECK(read.settings.rotation->max_days == 3);
  CHECK(read.settings.rotation->max_backups == 4);
  CHECK(read.settings.rotation->localtime);
  CHECK(read.settings.format == FileFormat::proto);
  CHECK(read.settings.compression == net::Codec::zstd);
  CHECK(read.settings.compression_params.level == 6);
  CHECK(read.settings.directory_mode() == 0700);
  CHECK(read.settings.group_by.enabled);
  CHECK(read.settings.group_by.resource_attribute == "tenant");
  CHECK(read.settings.group_by.max_open_files == 7);
}

TEST_CASE("file settings: mistakes are named", "[exporter][file]") {
  CHECK(said("format: json").size() == 1);
  CHECK(said("path: ''") == Said{"path: a value is missing [config.missing]"});
  CHECK(said("{path: a, append: true, rotation: }") ==
        Said{"append: append and rotation enabled at the same time is not supported; rotation keeps what is in the "
             "file anyway [config.check]"});
  CHECK(said("{path: a, format: text}") == Said{R"(format: "text" is not one of "json" and "proto" [config.choice])"});
  CHECK(said("{path: a, compression: gzip}").size() == 1);
  CHECK(said("{path: a, compression_params: {level: 3}}") ==
        Said{"compression_params: needs compression: zstd [config.check]"});
  CHECK(said("{path: a, encoding: otlp_encoding}") ==
        Said{"encoding: encoding extensions are not supported yet; leave it out and choose a format "
             "[config.unsupported]"});
  CHECK(said("{path: a, flush_interval: -1s}").size() == 1);
  CHECK(said("{path: a, directory_permissions: '0755'}") ==
        Said{"directory_permissions: needs create_directory: true [config.check]"});
  CHECK(said("{path: a, create_directory: true, directory_permissions: '0999'}").size() == 1);
  CHECK(said("{path: a, create_directory: true, directory_permissions: '01777'}") ==
        Said{"directory_permissions: must be of read, write and search bits, at most 0777 [config.check]"});
  CHECK(said("{path: a, group_by: {enabled: true}}") ==
        Said{"path: must have exactly one * where group_by is enabled [config.check]"});
  CHECK(said("{path: 'a/*/*', group_by: {enabled: true}}") ==
        Said{"path: must have exactly one * where group_by is enabled [config.check]"});
  CHECK(said("{path: '*.json', group_by: {enabled: true}}") ==
        Said{"path: must not begin with * where group_by is enabled [config.check]"});
  CHECK(said("{path: 'a/*', group_by: {enabled: true, resource_attribute: ''}}") ==
        Said{"group_by: resource_attribute must not be empty [config.check]"});
  CHECK(said("{path: 'a/*', group_by: {enabled: true, max_open_files: 0}}").size() == 1);
}

}  // namespace
}  // namespace sluice::testing
