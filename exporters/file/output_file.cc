// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "exporters/file/group_path.h"
#include "exporters/file/torn_tail.h"

namespace sluice::exporters {
namespace {

constexpr mode_t kFileMode = 0644;

int open_to_append(const std::string& path, int more_flags) {
  // Read as well, to find the last whole record; with O_RDWR opening a FIFO does not wait for a reader.
  return ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | more_flags, kFileMode);
}

void make_folders(const std::string& folder, uint32_t mode) {
  for (size_t slash = folder.find('/', 1);; slash = folder.find('/', slash + 1)) {
    ::mkdir(folder.substr(0, slash).c_str(), mode);  // what is missing in the end, opening the file says
    if (slash == std::string::npos) return;
  }
}

}  // namespace

WriteProblem OutputFile::problem(const char* what) const {
  const int error = errno;
  return {error, std::string("cannot ") + what + " \"" + path_ + "\": " + std::generic_category().message(error)};
}

void OutputFile::close() {
  if (fd_ < 0) return;
  static_cast<void>(cut_torn());
  // With NFS and quotas this is where a write that was taken may turn out to be lost.
  if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) host_.error(problem("close").text);
  torn_at_.reset();
}

std::optional<WriteProblem> OutputFile::open(bool keep) {
  close();
  if (plan_.make_folders) make_folders(folder_of(path_), plan_.folder_mode);
  fd_ = open_to_append(path_, keep ? 0 : O_TRUNC);
  struct stat file {};
  if (fd_ < 0 || ::fstat(fd_, &file) != 0) return problem("open");
  regular_ = S_ISREG(file.st_mode);
  size_ = regular_ ? static_cast<uint64_t>(file.st_size) : 0;
  if (!regular_ && plan_.rotation) {
    close();
    return WriteProblem{EINVAL, "cannot rotate \"" + path_ + "\": it is not a regular file"};
  }
  auto mended = size_ == 0 ? std::nullopt : mend_tail();
  if (mended) close();
  return mended;
}

std::optional<WriteProblem> OutputFile::mend_tail() {
  const Tail tail = find_tail(fd_, size_, plan_.framing);
  switch (tail.state) {
    case Tail::State::whole:
      return std::nullopt;
    case Tail::State::unread:
      return problem("read");
    case Tail::State::foreign:
      return WriteProblem{EINVAL, "cannot append to \"" + path_ +
                                      "\": it does not hold frames of telemetry; move it away or choose another path"};
    case Tail::State::open:
      if (::write(fd_, "\n", 1) != 1) return problem("end the last line of");
      ++size_;
      return std::nullopt;
    case Tail::State::torn:
      break;
  }
  host_.warn("Removed half a record from the end of the file: whoever wrote it was interrupted",
             {{"path", path_}, {"bytes", size_ - tail.whole_bytes}});
  torn_at_ = tail.whole_bytes;
  return cut_torn();
}

std::optional<WriteProblem> OutputFile::cut_torn() {
  if (!torn_at_) return std::nullopt;
  if (::ftruncate(fd_, static_cast<off_t>(*torn_at_)) != 0) return problem("remove half a record from");
  size_ = *std::exchange(torn_at_, std::nullopt);
  return std::nullopt;
}

std::optional<WriteProblem> OutputFile::prepare(uint64_t bytes) {
  if (fd_ >= 0 && regular_) {
    struct stat named {
    }, opened{};
    if (::fstat(fd_, &opened) != 0) return problem("look at");
    if (::stat(path_.c_str(), &named) != 0 || named.st_dev != opened.st_dev || named.st_ino != opened.st_ino) {
      close();
    } else {
      size_ = static_cast<uint64_t>(opened.st_size);
    }
  }
  if (fd_ < 0) {
    if (auto failed = open(/*keep=*/true)) return failed;
  }
  if (auto failed = cut_torn()) return failed;
  if (plan_.rotation && size_ > 0 && size_ + bytes > plan_.rotation->max_bytes) return rotate();
  return std::nullopt;
}

std::optional<WriteProblem> OutputFile::rotate() {
  uint64_t now_ms = host_.now_unix_ns() / 1'000'000;
  std::string backup = backup_path(path_, now_ms, plan_.rotation->localtime);
  for (uint64_t ms = now_ms + 1; ::faccessat(AT_FDCWD, backup.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0; ++ms)
    backup = backup_path(path_, ms, plan_.rotation->localtime);
  if (::rename(path_.c_str(), backup.c_str()) != 0) {
    if (errno == ENOENT) return open(/*keep=*/true);  // somebody else has just moved it
    return problem("move aside");
  }
  const int next = open_to_append(path_, O_EXCL);
  if (next < 0) {
    auto failed = problem("open");
    if (::rename(backup.c_str(), path_.c_str()) != 0) close();
    return failed;
  }
  close();
  fd_ = next;
  size_ = 0;
  const std::string left = remove_outdated_backups(path_, *plan_.rotation, now_ms);
  if (left.empty()) return std::nullopt;
  if (const auto passed = warnings_.pass(host_.now_mono_ns()))
    host_.warn("Old files stay: " + left, {{"similar_messages_held_back", *passed}});
  return std::nullopt;
}

std::optional<WriteProblem> OutputFile::append(std::string_view record) {
  if (auto failed = prepare(record.size())) return failed;
  for (std::string_view rest = record; !rest.empty();) {
    const ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n > 0) {
      rest.remove_prefix(static_cast<size_t>(n));
    } else if (n == 0 || errno != EINTR) {
      if (n == 0) errno = EIO;
      WriteProblem failed = problem("write to");
      if (regular_ && rest.size() != record.size()) {
        torn_at_ = size_;
        static_cast<void>(cut_torn());
      }
      return failed;
    }
  }
  size_ += record.size();
  return std::nullopt;
}

}  // namespace sluice::exporters
