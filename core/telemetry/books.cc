// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/books.h"

#include <numeric>

namespace sluice::telemetry {

namespace {

template <class Sum>
Reasons reasons_at(const Sum& cells, size_t first) {
  Reasons reasons;
  for (size_t i = 0; i < reasons.size(); ++i) reasons[i] = cells[first + i];
  return reasons;
}

void add(Reasons& to, const Reasons& from) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

int64_t difference(uint64_t left, uint64_t right) {
  return static_cast<int64_t>(left - right);
}

}  // namespace

uint64_t total(const Reasons& reasons) {
  return std::accumulate(reasons.begin(), reasons.end(), uint64_t{0});
}

DoorSum DoorBook::sum() const {
  auto cells = cells_.sum();
  DoorSum sum;
  sum.received = cells[kReceived];
  sum.accepted = cells[kAccepted];
  sum.open = static_cast<int64_t>(cells[kOpen]);
  sum.turned_away = cells[kTurnedAway];
  sum.received_bytes = cells[kReceivedBytes];
  sum.accepted_bytes = cells[kAcceptedBytes];
  sum.refused = reasons_at(cells, kRefused);
  return sum;
}

int64_t DoorSum::imbalance() const {
  return difference(received, accepted + total(refused) + static_cast<uint64_t>(open));
}

DoorSum& DoorSum::operator+=(const DoorSum& other) {
  received += other.received;
  accepted += other.accepted;
  open += other.open;
  turned_away += other.turned_away;
  received_bytes += other.received_bytes;
  accepted_bytes += other.accepted_bytes;
  add(refused, other.refused);
  return *this;
}

EdgeSum EdgeBook::sum() const {
  auto cells = cells_.sum();
  EdgeSum sum;
  sum.offered = cells[kOffered];
  sum.taken = cells[kTaken];
  sum.open = static_cast<int64_t>(cells[kOpen]);
  sum.passed_back = cells[kPassedBack];
  sum.fanned = static_cast<int64_t>(cells[kFanned]);
  sum.offered_bytes = cells[kOfferedBytes];
  sum.taken_bytes = cells[kTakenBytes];
  sum.returned = reasons_at(cells, kReturned);
  return sum;
}

int64_t EdgeSum::imbalance() const {
  return difference(offered, taken + passed_back + total(returned) + static_cast<uint64_t>(open));
}

EdgeSum& EdgeSum::operator+=(const EdgeSum& other) {
  offered += other.offered;
  taken += other.taken;
  open += other.open;
  passed_back += other.passed_back;
  fanned += other.fanned;
  offered_bytes += other.offered_bytes;
  taken_bytes += other.taken_bytes;
  add(returned, other.returned);
  return *this;
}

ComponentSum ComponentBook::sum() const {
  auto cells = cells_.sum();
  ComponentSum sum;
  sum.filtered = cells[kFiltered];
  sum.added = cells[kAdded];
  sum.held = static_cast<int64_t>(cells[kHeld]);
  sum.regained = cells[kRegained];
  sum.dropped = reasons_at(cells, kDropped);
  return sum;
}

ComponentSum& ComponentSum::operator+=(const ComponentSum& other) {
  filtered += other.filtered;
  added += other.added;
  held += other.held;
  regained += other.regained;
  add(dropped, other.dropped);
  return *this;
}

WrapperSum& WrapperSum::operator+=(const WrapperSum& other) {
  book.offered += other.book.offered;
  book.recovered += other.book.recovered;
  book.waiting += other.book.waiting;
  book.queued += other.book.queued;
  book.in_flight += other.book.in_flight;
  book.delivered += other.book.delivered;
  book.left += other.book.left;
  add(book.dropped, other.book.dropped);
  add(book.returned, other.book.returned);
  book.resent += other.book.resent;
  book.duplicates_possible += other.book.duplicates_possible;
  book.expired_unknown += other.book.expired_unknown;
  book.send_failed += other.book.send_failed;
  book.enqueue_failed += other.book.enqueue_failed;
  for (size_t i = 0; i < seen.size(); ++i) seen[i] += other.seen[i];
  imbalance += other.imbalance;
  queue_size += other.queue_size;
  queue_capacity += other.queue_capacity;
  in_flight_requests += other.in_flight_requests;
  held_bytes += other.held_bytes;
  return *this;
}

}  // namespace sluice::telemetry
