// SPDX-License-Identifier: Apache-2.0
#include "core/app/places.h"

#include <filesystem>

namespace sluice::app {
namespace {

std::filesystem::path own_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

}  // namespace

std::string own_plugins() {
  std::error_code error;
  const auto prefix = own_folder().parent_path();
  for (const char* lib : {"lib/sluice/plugins", SLUICE_LIBDIR "/sluice/plugins"}) {
    if (std::filesystem::is_directory(prefix / lib, error)) return (prefix / lib).string();
  }
  return (prefix / "lib/sluice/plugins").string();
}

std::string program_beside(const std::string& name) {
  return (own_folder() / name).string();
}

}  // namespace sluice::app
