// SPDX-License-Identifier: Apache-2.0
// The world as the process sees it.
#include "core/config/environment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/config/value.h"

namespace sluice::config {
namespace {

class ProcessEnvironment : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) override {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  }

  std::string read(const std::string& path, std::string& text) override {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::strerror(errno);
    text.clear();
    std::string why;
    for (char block[16384];;) {
      const ssize_t got = ::read(file, block, sizeof block);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) why = std::strerror(errno);
      if (got <= 0) break;
      text.append(block, static_cast<size_t>(got));
      if (text.size() > kMaxSourceBytes) break;  // the reader says what is wrong; a pipe may have no end
    }
    ::close(file);
    return why;
  }

  std::optional<std::vector<std::string>> list(const std::string& path) override {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) return std::nullopt;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
      names.push_back(entry->path().filename().string());
    return names;
  }

  Access access(const std::string& path) override {
    if (::access(path.c_str(), F_OK) != 0) return Access::missing;
    return ::access(path.c_str(), R_OK) == 0 ? Access::readable : Access::unreadable;
  }
};

}  // namespace

Environment& process_environment() {
  static ProcessEnvironment environment;
  return environment;
}

}  // namespace sluice::config
