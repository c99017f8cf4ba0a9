// SPDX-License-Identifier: Apache-2.0
// Settings of the batch processor.
#ifndef SLUICE_PROCESSORS_BATCH_CONFIG_H
#define SLUICE_PROCESSORS_BATCH_CONFIG_H

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/sdk/settings.h"

namespace sluice::processors {

using namespace literals;

enum class Acknowledge { accepted, delivered };

struct BatchConfig {
  Duration timeout = 200ms;
  uint32_t send_batch_size = 8192;
  uint32_t send_batch_max_size = 0;
  std::vector<std::string> metadata_keys;
  uint32_t metadata_cardinality_limit = 1000;
  Acknowledge acknowledge = Acknowledge::accepted;

  void settings(Settings& s) {
    s("timeout", timeout, "Send what is held after this long; 0 sends at once, whatever send_batch_size says.").min(0s);
    s("send_batch_size", send_batch_size, "Send as soon as so many items are held; 0 sends at once.").unit("items");
    s("send_batch_max_size", send_batch_max_size, "Cut larger batches to this size; 0: never.").unit("items");
    s("metadata_keys", metadata_keys,
      "One batch for each combination of these request headers; only they travel on with it.")
        .unique();
    s("metadata_cardinality_limit", metadata_cardinality_limit,
      "So many combinations at most, further ones are refused; 0: no limit.");
    s("acknowledge", acknowledge,
      "When the sender is answered: as soon as its data is held, or with the answer of what comes behind.",
      {{"accepted", Acknowledge::accepted}, {"delivered", Acknowledge::delivered}});
    s.check(send_batch_max_size == 0 || send_batch_max_size >= send_batch_size, "send_batch_max_size",
            "must be 0, or at least send_batch_size (" + std::to_string(send_batch_size) + ")");
  }
};

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_BATCH_CONFIG_H
