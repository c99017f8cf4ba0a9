// SPDX-License-Identifier: Apache-2.0
// Actions on all attributes of one level in a batch: what a processor that edits attributes does with each call.
#ifndef SLUICE_PLUGINS_FORMATS_ATTRIBUTES_BATCH_REWRITER_H
#define SLUICE_PLUGINS_FORMATS_ATTRIBUTES_BATCH_REWRITER_H

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "plugins/formats/attributes/action_config.h"
#include "plugins/formats/attributes/actions.h"
#include "plugins/formats/attributes/match_config.h"
#include "plugins/formats/attributes/matcher.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/log.h"
#include "plugins/wire/rewrite.h"

namespace sluice::formats {

class BatchRewriter {
 public:
  struct Selected {
    std::optional<MatchConfig> include, exclude;
  };
  BatchRewriter(Host host, wire::Level level, const std::vector<ActionConfig>& actions, const Selected& selected = {});
  ~BatchRewriter();

  // The batch to pass on, which is that of the call where nothing has changed; its items are the same, in the same
  // order. Nothing: the call has been answered with `status`. [any thread]
  struct Rewritten {
    BatchRef batch;
    sluice_status status = SLUICE_DONE;
  };
  Rewritten rewrite(const Call& call);

 private:
  struct Workspace;
  std::unique_ptr<Workspace> take_workspace();
  BatchRef rewrite(const Call& call, Workspace& workspace);

  Host host_;
  const wire::Level level_;
  const Actions actions_;
  const Selected selected_;
  LogLimit unconverted_limit_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Workspace>> idle_;  // guarded by mutex_; as many as there were calls at once
};

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_ATTRIBUTES_BATCH_REWRITER_H
