// SPDX-License-Identifier: Apache-2.0
// The processor attribute_limit: texts in attributes are cut to a length that the backend takes. Messages without a
// long text are shared, not copied, and each answer goes back to the sender.
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "limit.h"
#include "plugins/sdk/entry.h"
#include "plugins/sdk/relay.h"

namespace attribute_limit {

struct Config {
  uint32_t max_bytes = 2048;
  std::vector<std::string> keys;

  void settings(sluice::Settings& s) {
    s("max_bytes", max_bytes, "Longest text that an attribute keeps, in bytes of UTF-8.").min(1).unit("bytes");
    s("keys", keys, "Keys of the attributes that are looked at; none: all.");
  }
};

class AttributeLimit final : public sluice::Processor {
 public:
  using Config = attribute_limit::Config;
  AttributeLimit(sluice::Host host, Config config) : Processor(host), config_(std::move(config)) {}
  sluice_status init() override;
  sluice_status consume(const sluice::Call& call) override;
  void sent(void* user, const sluice_result& result) override { sluice::relay_answer(host(), user, result); }

 private:
  const Config config_;
  std::array<std::optional<uint32_t>, 3> outputs_;
  sluice::Metric cut_values_;
};

sluice_status AttributeLimit::init() {
  for (const sluice_signal signal : sluice::kSignals) outputs_[static_cast<size_t>(signal)] = host().output(signal);
  cut_values_ = host().define(
      {.name = "attribute_limit_cut_values", .unit = "{value}", .help = "Number of attribute values that were cut."});
  return SLUICE_DONE;
}

sluice_status AttributeLimit::consume(const sluice::Call& call) {
  const sluice_batch& batch = call.batch();
  const uint32_t output = *outputs_.at(static_cast<size_t>(batch.signal));
  Limiter limiter(config_.max_bytes, config_.keys);
  std::vector<sluice::BatchRef> written;  // messages that differ, one batch each
  std::vector<sluice_piece> pieces;       // what is passed on, in order
  for (uint32_t i = 0; i < batch.segment_count; ++i) {
    std::vector<uint8_t> message;
    if (!limit(static_cast<wire::Signal>(batch.signal), sluice::bytes(batch.segments[i]), limiter, message)) {
      pieces.push_back({&batch, i, 1});
      continue;
    }
    const std::span<const uint8_t> bytes(message);
    sluice::NewBatch made = host().adopt(batch.signal, bytes, std::move(message));
    if (!made) return call.reply(sluice::Result::retryable(sluice::Code::resource_exhausted, std::move(made.error)));
    pieces.push_back({made.batch.get(), 0, 1});
    written.push_back(std::move(made.batch));
  }
  if (written.empty()) return sluice::relay(host(), call, output, batch);
  cut_values_.add(static_cast<int64_t>(limiter.cut_values()));
  return sluice::relay(host(), call, output, *host().gather(pieces));
}

}  // namespace attribute_limit

SLUICE_ENTRY("processor_attribute_limit", "1.0.0",
             sluice::component<attribute_limit::AttributeLimit>({.type = "attribute_limit",
                                                                 .inputs = sluice::kAllSignals,
                                                                 .outputs = sluice::kAllSignals,
                                                                 .stability = SLUICE_STABLE}))
