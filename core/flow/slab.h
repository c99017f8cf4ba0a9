// SPDX-License-Identifier: Apache-2.0
// Records of one type under small numbers that stay valid while others come and go. A freed record is kept with the
// memory it owns and used again, so a steady flow allocates nothing.
#ifndef SLUICE_CORE_FLOW_SLAB_H
#define SLUICE_CORE_FLOW_SLAB_H

#include <cstdint>
#include <deque>
#include <vector>

namespace sluice::flow {

inline constexpr uint32_t kNothing = UINT32_MAX;

template <class T>  // T has void reset()
class Slab {
 public:
  uint32_t take() {
    ++used_;
    if (free_.empty()) {
      records_.emplace_back();
      return static_cast<uint32_t>(records_.size() - 1);
    }
    uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }
  void give_back(uint32_t index) {
    records_[index].reset();
    free_.push_back(index);
    --used_;
  }
  T& operator[](uint32_t index) { return records_[index]; }
  const T& operator[](uint32_t index) const { return records_[index]; }
  uint32_t size() const { return used_; }              // records in use
  size_t capacity() const { return records_.size(); }  // every record's number is below

 private:
  std::deque<T> records_;
  std::vector<uint32_t> free_;
  uint32_t used_ = 0;
};

}  // namespace sluice::flow
#endif  // SLUICE_CORE_FLOW_SLAB_H
