// SPDX-License-Identifier: Apache-2.0
#include "core/app/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace sluice::app {

Signals::Signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  wakeups_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || wakeups_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
}

Signals::~Signals() {
  close(signals_);
  close(wakeups_);
}

std::optional<int> Signals::wait() {
  for (;;) {
    pollfd both[] = {{signals_, POLLIN, 0}, {wakeups_, POLLIN, 0}};
    if (poll(both, 2, -1) < 0 && errno != EINTR) return std::nullopt;
    if (both[1].revents & POLLIN) return std::nullopt;
    signalfd_siginfo info;
    if ((both[0].revents & POLLIN) && read(signals_, &info, sizeof info) == sizeof info) {
      return static_cast<int>(info.ssi_signo);
    }
  }
}

void Signals::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wakeups_, &one, sizeof one);
}

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name ? std::string("SIG") + name : std::to_string(number);
}

}  // namespace sluice::app
