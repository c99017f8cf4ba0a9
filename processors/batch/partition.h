// SPDX-License-Identifier: Apache-2.0
// Which request headers keep batches apart. Two requests belong together if each key has the same values in the same
// order; a key that is absent differs from one that is empty.
#ifndef SLUICE_PROCESSORS_BATCH_PARTITION_H
#define SLUICE_PROCESSORS_BATCH_PARTITION_H

#include <string>
#include <vector>

#include "plugins/sdk/context.h"

namespace sluice::processors {

class Partitioner {
 public:
  explicit Partitioner(const std::vector<std::string>& metadata_keys);  // any case
  bool single() const { return keys_.empty(); }
  // The same text for requests that belong together.
  std::string key_of(const sluice_context& context) const;
  // What travels on with their batch: these keys and nothing else.
  ContextRef context_of(const sluice_host* host, const sluice_context& context) const;

 private:
  std::vector<std::string> keys_;  // lower case
};

}  // namespace sluice::processors
#endif  // SLUICE_PROCESSORS_BATCH_PARTITION_H
