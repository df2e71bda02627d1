#pragma once
// Work that computes rows of one sequence. The scheduler's thread calls everything but `read`, which runs on the threads
// of the pool: for different jobs at once, for one job in order.
#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../model/forward.h"
#include "sampling.h"

namespace aria {

using CancelFlag = std::atomic<bool>;
using Cancel = std::shared_ptr<const CancelFlag>;

// An error on its way to another thread: a copy of its own, where an exception would be shared.
struct Failure {
  const char* code;  // as Error's
  std::string message;

  [[noreturn]] void raise() const { throw Error(code, message); }
};

// Of any exception that the engine throws.
Failure failure_of(const std::exception_ptr& thrown);

// What became of a job: a value or an error, exactly once.
template <class Value>
struct Outcome {
  std::optional<Value> value;
  std::optional<Failure> error;
};
template <class Value>
using Done = std::function<void(Outcome<Value>)>;

// A computed row; valid during the call.
struct Reading {
  size_t index;         // of the planned rows
  const float* hidden;  // what the last layer leaves
  const float* logits;  // null unless wanted
  Scratch& scratch;     // of the thread: some of it is as large as a vocabulary
};

// Rows that were planned before it was known whether their tokens are the ones that come there, and how many were.
struct Drafts {
  size_t made = 0, kept = 0;
};

class Job {
 public:
  enum class Kind { decode, prefill };  // one row per step, before all others; or as many as there is time for
  enum class Want { nothing, hidden, logits };

  Job(Kind kind, std::string group, Cancel cancelled)
      : kind(kind), group(std::move(group)), cancelled(std::move(cancelled)) {}
  virtual ~Job() = default;

  // Before the first step. Returns whether the job is done without one.
  virtual bool begin() = 0;
  // Rows that it still has to compute, at least 1; of a decoding job, 1.
  virtual size_t remaining() const = 0;
  // Appends the next `count` rows, their pages in place; a decoding job appends one, and drafts up to that many.
  virtual void plan(size_t count, std::vector<Row>& rows) = 0;
  // What it wants to read of a planned row.
  virtual Want wants(size_t index) const = 0;
  virtual void read(const Reading& reading) = 0;
  // The planned rows are computed and read. Returns whether the job is done.
  virtual bool advance() = 0;
  // Of the planned rows, after `advance`.
  virtual Drafts drafts() const { return {}; }
  // The end, exactly once: with an error, or with none after `begin` or `advance` returned true.
  virtual void end(std::exception_ptr error) noexcept = 0;

  const Kind kind;
  const std::string group;
  const Cancel cancelled;

 private:
  friend class Scheduler;
  size_t first_row_ = 0, rows_ = 0;  // in the step
  std::exception_ptr error_;         // of reading
};

}  // namespace aria
