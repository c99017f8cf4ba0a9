// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/attributes/batch_rewriter.h"

#include <new>
#include <string>
#include <utility>

#include "plugins/sdk/output_buffer.h"

namespace sluice::formats {
namespace {

// A batch that the core does not take as one.
struct NotSealed {
  sluice_status status;
  std::string why;
};

// The new batch: messages that changed, joined in buffers, and between them those that did not, shared.
class Assembly {
 public:
  Assembly(Host host, const sluice_batch& from, size_t growth_of_item)
      : host_(host),
        from_(from),
        growth_of_item_(growth_of_item),
        bytes_left_(from.length_bytes),
        items_left_(from.item_count),
        out_(host, 0) {}

  // Where the next message is to be written if it changes.
  OutputBuffer& buffer(uint32_t n) {
    constexpr size_t kLengthsAround = 256;
    // All that is left mostly goes into one buffer.
    if (out_.empty()) out_ = OutputBuffer(host_, bytes_left_ + items_left_ * growth_of_item_ + kLengthsAround);
    bytes_left_ -= from_.segments[n].length_bytes;
    items_left_ -= from_.segments[n].item_count;
    return out_;
  }
  void unchanged(uint32_t n) {
    constexpr uint64_t kWorthSharing = 4096;
    const sluice_segment& segment = from_.segments[n];
    if (!out_.empty() && segment.length_bytes < kWorthSharing) {
      out_.insert(out_.end(), segment.data, segment.data + segment.length_bytes);
      return;
    }
    finish_buffer();
    if (!pieces_.empty() && pieces_.back().batch == &from_ && pieces_.back().first + pieces_.back().count == n) {
      ++pieces_.back().count;
    } else {
      pieces_.push_back({&from_, n, 1});
    }
  }
  BatchRef finish() {
    finish_buffer();
    if (pieces_.size() == 1 && sealed_.size() == 1) return std::move(sealed_.front());
    if (sealed_.empty()) return host_.keep(&from_);
    BatchRef all = host_.gather(pieces_);
    if (!all) throw std::bad_alloc();
    return all;
  }

 private:
  void finish_buffer() {
    if (out_.empty()) return;
    NewBatch made = out_.seal(from_.signal);
    if (!made) throw NotSealed{made.status, std::move(made.error)};
    pieces_.push_back({made.batch.get(), 0, 1});
    sealed_.push_back(std::move(made.batch));
  }

  const Host host_;
  const sluice_batch& from_;
  const size_t growth_of_item_;
  uint64_t bytes_left_, items_left_;
  OutputBuffer out_;
  std::vector<BatchRef> sealed_;
  std::vector<sluice_piece> pieces_;
};

}  // namespace

// What one call needs besides the batch; kept for the next one, since it knows keys and has its memory.
struct BatchRewriter::Workspace {
  Workspace(const Actions& actions, const Selected& selected)
      : editor(actions), selection(selected.include, selected.exclude), selects_all(selection.selects_all()) {}

  // For wire::rewrite_attributes().
  bool enter(wire::Message around, wire::Bytes body) { return selects_all || selection.enter(around, body); }
  bool begin(wire::Message owner, wire::Bytes body) {
    return (selects_all || selection.selects(owner, body)) && editor.begin(owner, body);
  }
  bool wants(std::string_view key) const { return editor.wants(key); }
  void attribute(const wire::EncodedAttribute& attribute, wire::AttributeChanges& changes) {
    editor.attribute(attribute, changes);
  }
  void end(wire::AttributeChanges& changes) { editor.end(changes); }

  ActionEditor editor;
  Selection selection;
  const bool selects_all;
};

BatchRewriter::BatchRewriter(Host host, wire::Level level, const std::vector<ActionConfig>& actions,
                             const Selected& selected)
    : host_(host), level_(level), actions_(actions), selected_(selected) {}
BatchRewriter::~BatchRewriter() = default;

std::unique_ptr<BatchRewriter::Workspace> BatchRewriter::take_workspace() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Workspace> taken = std::move(idle_.back());
      idle_.pop_back();
      return taken;
    }
  }
  return std::make_unique<Workspace>(actions_, selected_);
}

BatchRewriter::Rewritten BatchRewriter::rewrite(const Call& call) {
  try {
    std::unique_ptr<Workspace> workspace = take_workspace();
    Rewritten rewritten{rewrite(call, *workspace)};
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(workspace));
    return rewritten;
  } catch (const std::bad_alloc&) {
    return {{}, call.reply(Result::retryable(Code::resource_exhausted, "out of memory while attributes were changed"))};
  } catch (const NotSealed& failure) {
    std::string text = "the batch with changed attributes was not taken: " + failure.why;
    if (failure.status == SLUICE_FAILED_PERMANENT)
      return {{}, call.reply(Result::permanent(Code::internal, std::move(text)))};
    return {{}, call.reply(Result::retryable(Code::unavailable, std::move(text)))};
  }
}

BatchRef BatchRewriter::rewrite(const Call& call, Workspace& workspace) {
  const sluice_batch& batch = call.batch();
  workspace.editor.begin_batch(call.context());
  Assembly assembly(host_, batch, actions_.expected_growth());
  for (uint32_t i = 0; i < batch.segment_count; ++i) {
    if (!wire::rewrite_attributes(static_cast<wire::Signal>(batch.signal), bytes(batch.segments[i]), level_, workspace,
                                  assembly.buffer(i)))
      assembly.unchanged(i);
  }
  const ActionEditor& editor = workspace.editor;
  if (editor.unconverted() != 0 && host_.log_enabled(SLUICE_DEBUG)) {
    if (const auto passed = unconverted_limit_.pass(host_.now_mono_ns()))
      host_.debug("values could not be converted and stay as they are",
                  {{"key", editor.unconverted_key()}, {"values", editor.unconverted()}});
  }
  return assembly.finish();
}

}  // namespace sluice::formats
