// SPDX-License-Identifier: Apache-2.0
// A whole batch as text, at the verbosities `normal` (one line an item) and `detailed` (every field).
#ifndef SLUICE_EXPORTERS_DEBUG_PRINT_H
#define SLUICE_EXPORTERS_DEBUG_PRINT_H

#include <cstddef>
#include <string>

#include "exporters/debug/text.h"
#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/batch.h"
#include "plugins/wire/metric_views.h"
#include "plugins/wire/views.h"

namespace sluice::exporters {

std::string print_normal(const sluice_batch& batch);
std::string print_detailed(const sluice_batch& batch);

// A metric and its points at `detailed`, without the line that numbers it.
void append_metric(std::string& out, const wire::Metric& metric);
// "<header>:" and one line each, set in as the header is; nothing if there are none.
void append_attributes(std::string& out, std::string_view header, const wire::Attributes& attributes);

// What holds items: calls f(index, ResourceOf<Item>), counting through all messages of the batch.
template <class Read, class F>
void for_each_resource(const sluice_batch& batch, Read read, F&& f) {
  size_t index = 0;
  for_each_message(batch, [&](wire::Bytes message, uint64_t) {
    for (const auto& resource : read(message)) f(index++, resource);
  });
}

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_DEBUG_PRINT_H
