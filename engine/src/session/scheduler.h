#pragma once
// Continuous batching: one thread forms every step of a model from the work of all sessions. Decoding rows come first,
// then rows of prompts as far as the wanted step time allows; clients take turns. A result never depends on the batch
// that it was computed in (SPEC.md section 4).
#include <condition_variable>
#include <thread>

#include "../base/keccak.h"
#include "../grammar/constraint.h"
#include "../model/model.h"
#include "fair_queue.h"
#include "job.h"
#include "pace.h"
#include "page_store.h"
#include "speculation.h"

namespace aria {

// Whether answers draft tokens (speculation.h): by default where a model's weights are so large that a step waits for them.
enum class Drafting { automatic, on, off };

struct ServingOptions {
  size_t cache_bytes = size_t{1} << 30;
  double step_ms = 50;         // wanted length of a step while somebody decodes
  size_t queued_max = 1024;    // jobs waiting or running
  PoolOptions threads;         // how its thread runs, as the pool's do
  bool own_thread = true;      // without one, jobs run in `work`
  Drafting drafting = Drafting::automatic;
};

struct ServingStats {
  uint64_t steps = 0, rows = 0;  // since load
  uint64_t drafted = 0, kept = 0;  // of the rows: drafts, and those that were what the model drew
  size_t jobs = 0;               // waiting or running
};

class Scheduler {
 public:
  // `model_fingerprint` ties saved sessions to the model file (snapshot.h).
  Scheduler(std::shared_ptr<Model> model, const Hash& model_fingerprint, const ServingOptions& options);
  ~Scheduler() { stop(); }
  Scheduler(const Scheduler&) = delete;

  // Queues a job. Throws `busy` beyond queued_max jobs, and `closed` after stop; the job's `end` is not called then.
  void submit(std::unique_ptr<Job> job);

  // Where the scheduler has no thread of its own: runs all jobs to their ends on the calling one. Else does nothing.
  void work();

  // Ends every job with `aborted` and joins the thread. From any thread but the scheduler's own.
  void stop();

  ServingStats stats() const;

  const std::shared_ptr<Model> model;
  const Hash model_fingerprint;
  PageStore pages;
  std::shared_ptr<GrammarCache> grammars;  // set once, before the first job

 private:
  void run();
  void run_step();
  bool collect();
  void begin(std::unique_ptr<Job> job);
  void end_cancelled();
  void plan_step();
  size_t rows_per_answer() const;
  void plan(Job* job, size_t count);
  void compute_step();
  void read_hidden();
  void read_logits();
  void advance_step();
  void count_drafts(const Drafts& drafts);
  void finish(Job* job, std::exception_ptr error);
  FairQueue<Job>& queue_of(const Job* job) { return job->kind == Job::Kind::decode ? decoding_ : prefilling_; }

  const ServingOptions options_;
  const bool drafts_;
  mutable std::mutex mutex_;  // guards arrived_, jobs_count_, stopping_, stats_
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Job>> arrived_;
  size_t jobs_count_ = 0;
  bool stopping_ = false;
  ServingStats stats_;

  // The rest belongs to the thread.
  std::vector<std::unique_ptr<Job>> jobs_;
  FairQueue<Job> decoding_, prefilling_;
  std::vector<Job*> planned_;
  std::vector<Row> rows_;
  std::vector<Scratch> scratches_;  // one per thread of the pool
  Pace mixed_pace_, prefill_pace_;
  std::mutex stop_mutex_;
  std::thread thread_;
};

}  // namespace aria
