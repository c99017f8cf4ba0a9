// SPDX-License-Identifier: Apache-2.0
// Reads the book of a queue: apart from books.cc, so that who only keeps books need not link the queue.
#include "core/flow/delivery.h"
#include "core/telemetry/books.h"

namespace sluice::telemetry {

WrapperSum read_wrapper(const flow::Delivery& delivery) {
  WrapperSum sum;
  sum.book = delivery.book();
  sum.seen = delivery.seen();
  sum.imbalance = delivery.imbalance();
  sum.queue_size = delivery.queue_size();
  sum.queue_capacity = delivery.queue_capacity();
  sum.in_flight_requests = delivery.in_flight_requests();
  return sum;
}

}  // namespace sluice::telemetry
