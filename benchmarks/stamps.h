// SPDX-License-Identifier: Apache-2.0
// What load generator and sink of one run know of each request, side by side in a file that both have mapped: when it
// was due, when it was answered, when its last item arrived. A request is known by its number in the run; number n
// carries request n % (requests of the payload). Times are CLOCK_MONOTONIC, 0: not yet.
#ifndef SLUICE_BENCHMARKS_STAMPS_H
#define SLUICE_BENCHMARKS_STAMPS_H

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

namespace sluice::benchmarks {

struct Stamp {
  std::atomic<uint64_t> due_ns, answered_ns, arrived_ns;
};
static_assert(sizeof(Stamp) == 24);

inline uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

class Stamps {
 public:
  // The file has its full size already. Throws std::runtime_error.
  explicit Stamps(const std::string& file) {
    const int fd = open(file.c_str(), O_RDWR | O_CLOEXEC);
    struct stat about {};
    if (fd < 0 || fstat(fd, &about) != 0) throw std::runtime_error(file + ": " + std::strerror(errno));
    count_ = static_cast<uint64_t>(about.st_size) / sizeof(Stamp);
    void* memory = mmap(nullptr, count_ * sizeof(Stamp), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED) throw std::runtime_error(file + " cannot be mapped: " + std::strerror(errno));
    stamps_ = static_cast<Stamp*>(memory);
  }
  Stamps(const Stamps&) = delete;
  Stamps& operator=(const Stamps&) = delete;
  ~Stamps() { munmap(stamps_, count_ * sizeof(Stamp)); }

  uint64_t count() const { return count_; }
  Stamp& operator[](uint64_t number) { return stamps_[number]; }
  const Stamp& operator[](uint64_t number) const { return stamps_[number]; }

 private:
  uint64_t count_ = 0;
  Stamp* stamps_ = nullptr;
};

}  // namespace sluice::benchmarks
#endif  // SLUICE_BENCHMARKS_STAMPS_H
