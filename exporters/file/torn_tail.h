// SPDX-License-Identifier: Apache-2.0
// A process that was killed, or a machine that lost its power, may have left half a record at the end of a file. Before
// anything is appended, that end is looked for.
#ifndef SLUICE_EXPORTERS_FILE_TORN_TAIL_H
#define SLUICE_EXPORTERS_FILE_TORN_TAIL_H

#include <cstdint>

#include "exporters/file/record.h"

namespace sluice::exporters {

struct Tail {
  enum class State : uint8_t {
    whole,
    torn,     // what is behind `whole_bytes` is the beginning of a record
    open,     // the last line is not ended, but is no torn record either
    foreign,  // not a file of frames
    unread,   // errno says why
  };
  State state = State::whole;
  uint64_t whole_bytes = 0;
};

Tail find_tail(int fd, uint64_t size, Framing framing);

}  // namespace sluice::exporters
#endif  // SLUICE_EXPORTERS_FILE_TORN_TAIL_H
