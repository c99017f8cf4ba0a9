// SPDX-License-Identifier: Apache-2.0
// Settings of HTTP/2 keep-alive: how gRPC servers and clients notice dead connections, and how long ones end.
#ifndef SLUICE_PLUGINS_NET_SETTINGS_KEEPALIVE_H
#define SLUICE_PLUGINS_NET_SETTINGS_KEEPALIVE_H

#include "plugins/sdk/settings.h"

namespace sluice::net {

struct KeepaliveServerParameters {
  Duration max_connection_idle{0}, max_connection_age{0}, max_connection_age_grace{0}, time{0}, timeout{0};

  void settings(Settings& s) {
    s("max_connection_idle", max_connection_idle, "Close a connection without calls after this long; 0: never.")
        .min({});
    s("max_connection_age", max_connection_age, "Close a connection after this long; 0: never.").min({});
    s("max_connection_age_grace", max_connection_age_grace,
      "How long its calls may take then before they are cut; 0: as long as they want.")
        .min({});
    s("time", time, "Ping a connection that was silent for this long; 0: 2h.").min({});
    s("timeout", timeout, "Close it if no answer comes within this time; 0: 20s.").min({});
  }
};

struct KeepaliveEnforcementPolicy {
  Duration min_time{0};
  bool permit_without_stream = false;

  void settings(Settings& s) {
    s("min_time", min_time, "Close connections of clients that ping more often than this; 0: 5m.").min({});
    s("permit_without_stream", permit_without_stream, "Let clients ping while they have no call.");
  }
};

struct KeepaliveServer {
  Section<KeepaliveServerParameters> server_parameters{kOn, {}};
  Section<KeepaliveEnforcementPolicy> enforcement_policy{kOn, {}};

  void settings(Settings& s) {
    s("server_parameters", server_parameters, "How long connections live.");
    s("enforcement_policy", enforcement_policy, "How often clients may ping.");
  }
};

struct KeepaliveClient {
  Duration time = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(10);
  bool permit_without_stream = false;

  void settings(Settings& s) {
    s("time", time, "Ping the server when it was silent for this long; 0: 10s.").min({});
    s("timeout", timeout, "Close the connection if no answer comes within this time.").min({});
    s("permit_without_stream", permit_without_stream, "Ping also while there is no call.");
  }
};

}  // namespace sluice::net
#endif  // SLUICE_PLUGINS_NET_SETTINGS_KEEPALIVE_H
