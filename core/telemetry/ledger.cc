// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/ledger.h"

#include <utility>

namespace sluice::telemetry {

namespace {

template <class Key, class Book>
Book& find_or_make(std::map<Key, std::unique_ptr<Book>>& books, const Key& key) {
  auto& book = books[key];
  if (!book) book = std::make_unique<Book>();
  return *book;
}

}  // namespace

DoorBook& Ledger::door(const DoorKey& key) {
  std::lock_guard lock(mutex_);
  return find_or_make(doors_, key);
}

EdgeBook& Ledger::edge(const EdgeKey& key) {
  std::lock_guard lock(mutex_);
  return find_or_make(edges_, key);
}

ComponentBook& Ledger::component(const ComponentKey& key) {
  std::lock_guard lock(mutex_);
  return find_or_make(components_, key);
}

Ledger::Registration Ledger::wrapper(const WrapperKey& key, ReadWrapper read) {
  std::lock_guard lock(mutex_);
  Registration registration;
  registration.ledger_ = this;
  registration.number_ = ++last_number_;
  wrappers_.emplace(last_number_, Wrapper{key, std::move(read)});
  return registration;
}

void Ledger::retire(uint64_t number) {
  std::lock_guard lock(mutex_);
  auto found = wrappers_.find(number);
  if (found == wrappers_.end()) return;
  WrapperSum last = found->second.read();
  last.queue_capacity = 0;  // the queue is gone; its items, if any were left in it, are not forgotten
  retired_[found->second.key] += last;
  wrappers_.erase(found);
}

Ledger::Registration& Ledger::Registration::operator=(Registration&& other) noexcept {
  if (this != &other) {
    end();
    ledger_ = std::exchange(other.ledger_, nullptr);
    number_ = other.number_;
  }
  return *this;
}

void Ledger::Registration::end() {
  if (Ledger* ledger = std::exchange(ledger_, nullptr)) ledger->retire(number_);
}

LedgerSnapshot Ledger::read() const {
  LedgerSnapshot snapshot;
  std::lock_guard lock(mutex_);
  for (const auto& [key, book] : doors_) snapshot.doors[key] = book->sum();
  for (const auto& [key, book] : edges_) snapshot.edges[key] = book->sum();
  for (const auto& [key, book] : components_) snapshot.components[key] = book->sum();
  snapshot.wrappers = retired_;
  for (const auto& [number, wrapper] : wrappers_) snapshot.wrappers[wrapper.key] += wrapper.read();
  return snapshot;
}

}  // namespace sluice::telemetry
