// SPDX-License-Identifier: Apache-2.0
#include "core/base/threads.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace sluice::base {

void block_signals() {
  sigset_t all;
  sigfillset(&all);
  // Faults are raised by the thread that made them and must keep their default action.
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

std::thread start_thread(std::string name, std::function<void()> body) {
  return std::thread([name = std::move(name), body = std::move(body)] {
    block_signals();
    name_this_thread(name);
    body();
  });
}

}  // namespace sluice::base
