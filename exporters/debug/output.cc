// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "exporters/debug/text.h"

namespace sluice::exporters {
namespace {

std::string error_text(int error) {
  return std::generic_category().message(error);
}

std::string write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n > 0)
      text.remove_prefix(static_cast<size_t>(n));
    else if (n < 0 && errno != EINTR)
      return error_text(errno);
  }
  return {};
}

}  // namespace

std::string console_line(std::string_view message, const Counts& counts) {
  std::string line(message);
  if (!counts.empty()) {
    std::string_view before = "\t{\"";
    for (const auto& [name, count] : counts) print(line, std::exchange(before, ", \""), name, "\": ", count);
    line += '}';
  }
  line += '\n';
  return line;
}

std::string Output::open(const std::vector<std::string>& paths) {
  std::lock_guard lock(mutex_);
  for (const std::string& path : paths.empty() ? std::vector<std::string>{"stdout"} : paths) {
    if (path == "stdout" || path == "stderr") {
      sinks_.push_back({path == "stdout" ? STDOUT_FILENO : STDERR_FILENO, false, path});
      continue;
    }
    const std::string file = path.starts_with("file://") ? path.substr(std::strlen("file://")) : path;
    const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
      const std::string why = error_text(errno);
      for (const Sink& sink : std::exchange(sinks_, {}))
        if (sink.owned) ::close(sink.fd);
      return "cannot open \"" + file + "\" for writing: " + why;
    }
    sinks_.push_back({fd, true, file});
  }
  return {};
}

std::string Output::write(std::string_view line) {
  std::lock_guard lock(mutex_);
  std::string problem;
  for (const Sink& sink : sinks_)
    if (const std::string why = write_all(sink.fd, line); !why.empty())
      problem = "cannot write to \"" + sink.path + "\": " + why;
  return problem;
}

void Output::close() {
  std::lock_guard lock(mutex_);
  for (const Sink& sink : std::exchange(sinks_, {}))
    if (sink.owned) ::close(sink.fd);
}

}  // namespace sluice::exporters
