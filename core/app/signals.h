// SPDX-License-Identifier: Apache-2.0
// The signals of the process, read from a descriptor: no code of ours ever runs inside a signal handler. All threads
// have them blocked (core/base/threads.h), which main() must have seen to before this is made.
#ifndef SLUICE_CORE_APP_SIGNALS_H
#define SLUICE_CORE_APP_SIGNALS_H

#include <optional>
#include <string>

namespace sluice::app {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits for SIGINT, SIGTERM, SIGHUP, or until wake(). Nothing: woken.
  std::optional<int> wait();
  // [any thread]
  void wake();

 private:
  int signals_ = -1;
  int wakeups_ = -1;
};

std::string signal_name(int number);  // "SIGTERM"

}  // namespace sluice::app
#endif  // SLUICE_CORE_APP_SIGNALS_H
