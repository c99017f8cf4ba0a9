// SPDX-License-Identifier: Apache-2.0
// Threads of the core: named, with all signals blocked (the process reads its signals by signalfd).
#ifndef SLUICE_CORE_BASE_THREADS_H
#define SLUICE_CORE_BASE_THREADS_H

#include <functional>
#include <string>
#include <thread>

namespace sluice::base {

// Blocks every signal that can be blocked in the calling thread and so in all threads it starts from now on.
void block_signals();

// Names show in top, gdb and perf; the kernel keeps 15 characters.
void name_this_thread(const std::string& name);

std::thread start_thread(std::string name, std::function<void()> body);

}  // namespace sluice::base
#endif  // SLUICE_CORE_BASE_THREADS_H
