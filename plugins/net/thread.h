// SPDX-License-Identifier: Apache-2.0
// What a thread of the network code does first.
#ifndef SLUICE_PLUGINS_NET_THREAD_H
#define SLUICE_PLUGINS_NET_THREAD_H

#include <pthread.h>
#include <signal.h>

#include <string>

namespace sluice::net {

// Names the calling thread, and keeps SIGPIPE from it: OpenSSL writes to sockets without MSG_NOSIGNAL.
inline void prepare_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_THREAD_H
