// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/log_output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace sluice::telemetry {

namespace {

// What a pipe takes without waiting once poll() calls it writable, and as one piece even if others write to it too.
constexpr size_t kPieceBytes = 4096;

// The longest piece of `text` that ends with a line, or the piece size within a very long line.
size_t piece_size(std::string_view text) {
  if (text.size() <= kPieceBytes) return text.size();
  size_t newline = text.rfind('\n', kPieceBytes - 1);
  return newline == std::string_view::npos ? kPieceBytes : newline + 1;
}

// Errors count as writable: they show in write().
bool is_writable(int descriptor, std::chrono::steady_clock::time_point until) {
  using std::chrono::milliseconds;
  pollfd poll_fd{descriptor, POLLOUT, 0};
  int ready = poll(&poll_fd, 1, 0);
  while (ready == 0 || (ready < 0 && errno == EINTR)) {
    auto rest = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (rest <= 0) return false;
    ready = poll(&poll_fd, 1, static_cast<int>(std::min<int64_t>(rest, 1000)));
  }
  return true;
}

}  // namespace

std::shared_ptr<LogOutput> LogOutput::open(const std::string& path, size_t backlog_bytes, std::string& error) {
  if (path == "stderr") return std::make_shared<LogOutput>(path, STDERR_FILENO, false, backlog_bytes);
  if (path == "stdout") return std::make_shared<LogOutput>(path, STDOUT_FILENO, false, backlog_bytes);
  std::string file = path.starts_with("file://") ? path.substr(7) : path;
  int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    error = "cannot open log file \"" + file + "\": " + std::strerror(errno);
    return nullptr;
  }
  return std::make_shared<LogOutput>(path, descriptor, true, backlog_bytes);
}

LogOutput::LogOutput(std::string name, int descriptor, bool owned, size_t backlog_bytes)
    : name_(std::move(name)), descriptor_(descriptor), owned_(owned), backlog_limit_(backlog_bytes) {}

LogOutput::~LogOutput() {
  flush(0);
  if (owned_) close(descriptor_);
}

int LogOutput::write(std::string_view line, const std::function<std::string(uint64_t)>& gap) {
  {
    std::lock_guard lock(mutex_);
    if (unwritten_ >= backlog_limit_) {
      ++dropped_untold_;
      dropped_.fetch_add(1, std::memory_order_relaxed);
    } else {
      if (dropped_untold_ > 0) {
        std::string told = gap(dropped_untold_);
        backlog_ += told;
        unwritten_ += told.size();
        dropped_untold_ = 0;
      }
      backlog_ += line;
      unwritten_ += line.size();
    }
  }
  return write_backlog(Clock::now() + std::chrono::milliseconds(kWaitMs), Waiting::unless_stalled);
}

void LogOutput::flush(uint64_t patience_ms) {
  auto until = Clock::now() + std::chrono::milliseconds(patience_ms);
  while (unwritten_ > 0) {
    write_backlog(until, Waiting::always);
    if (Clock::now() >= until) return;
    std::this_thread::yield();  // somebody else may be writing
  }
}

// Whoever comes while another thread writes leaves its line to that one. That one looks again after it has let go, so
// no line is left behind.
int LogOutput::write_backlog(Clock::time_point until, Waiting waiting) {
  int error = 0;
  while (unwritten_ > 0) {
    std::unique_lock writing(writing_, std::try_to_lock);
    if (!writing) return error;
    if (stalled_ && waiting == Waiting::unless_stalled) until = Clock::time_point();  // long over
    int failed = write_chunk(until);
    if (failed != 0 && !failing_) error = failed;
    failing_ = failed != 0;
    if (stalled_) return error;
  }
  return error;
}

int LogOutput::write_chunk(Clock::time_point until) {
  if (chunk_written_ == chunk_.size()) {
    chunk_.clear();
    chunk_written_ = 0;
    std::lock_guard lock(mutex_);
    chunk_.swap(backlog_);
  }
  stalled_ = false;
  while (chunk_written_ < chunk_.size()) {
    std::string_view rest = std::string_view(chunk_).substr(chunk_written_);
    if (!is_writable(descriptor_, until)) {
      stalled_ = true;
      return 0;
    }
    ssize_t written = ::write(descriptor_, rest.data(), piece_size(rest));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      stalled_ = true;
      return 0;
    }
    if (written < 0) {
      int error = errno;
      dropped_.fetch_add(static_cast<uint64_t>(std::count(rest.begin(), rest.end(), '\n')), std::memory_order_relaxed);
      unwritten_ -= rest.size();
      chunk_written_ = chunk_.size();
      return error;
    }
    chunk_written_ += static_cast<size_t>(written);
    unwritten_ -= static_cast<size_t>(written);
  }
  return 0;
}

}  // namespace sluice::telemetry
