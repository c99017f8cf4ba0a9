// SPDX-License-Identifier: Apache-2.0
// Settings of the ways into and out of a component that extensions will provide: authentication and middleware. There
// is no such extension yet, so the keys are refused by name instead of being taken and not obeyed.
#ifndef SLUICE_PLUGINS_NET_SETTINGS_AUTH_H
#define SLUICE_PLUGINS_NET_SETTINGS_AUTH_H

#include "plugins/sdk/settings.h"

namespace sluice::net {

inline void refuse_auth(Settings& s) {
  s.unsupported("auth", "authentication is not supported yet");
}
inline void refuse_middlewares(Settings& s) {
  s.unsupported("middlewares", "middleware is not supported yet");
}

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_SETTINGS_AUTH_H
