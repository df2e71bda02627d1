#include "scheduler.h"

#include <chrono>

namespace aria {
namespace {

// Rows of a step that decoding leaves to prompts which wait, so that no crowd of answers can starve a question.
constexpr size_t kPrefillRows = 8;
// Answers that draft. With more of them a step's rows share the weights anyway.
constexpr size_t kDraftingAnswers = 4;
// Bytes of weights from which a step waits for memory: what a core's share of the caches does not hold. Below, a second
// row costs about as much as a step, and nothing is won.
constexpr size_t kDraftingWeights = size_t{64} << 20;
// How much longer a step may last while nobody waits for a next token.
constexpr double kPrefillOnlyFactor = 4;

PageShape shape_of(const ModelConfig& config) { return {config.layers, config.kv_heads, config.head_width}; }

std::exception_ptr aborted() {
  return std::make_exception_ptr(Error("aborted", "The work was cancelled."));
}

}  // namespace

Scheduler::Scheduler(std::shared_ptr<Model> loaded, const Hash& fingerprint, const ServingOptions& options)
    : model(std::move(loaded)),
      model_fingerprint(fingerprint),
      pages(shape_of(model->config), options.cache_bytes),
      options_(options),
      drafts_(options.drafting == Drafting::on ||
              (options.drafting == Drafting::automatic && model->weights.memory.bytes() >= kDraftingWeights)),
      scratches_(model->pool.threads()),
      mixed_pace_(options.step_ms, kStepRows),
      prefill_pace_(options.step_ms * kPrefillOnlyFactor, kStepRows) {
  if (options.own_thread) thread_ = std::thread([this] { run(); });
}

void Scheduler::submit(std::unique_ptr<Job> job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) throw Error("closed", "The model is closed.");
    if (jobs_count_ >= options_.queued_max)
      throw Error("busy", "The model has " + std::to_string(jobs_count_) + " jobs, as many as it queues; try again later.");
    jobs_count_++;
    arrived_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Scheduler::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  std::lock_guard lock(stop_mutex_);
  if (thread_.joinable()) thread_.join();
}

ServingStats Scheduler::stats() const {
  std::lock_guard lock(mutex_);
  ServingStats stats = stats_;
  stats.jobs = jobs_count_;
  return stats;
}

void Scheduler::run() {
  settle_thread(options_.threads, 0);
  while (collect()) run_step();
  while (!jobs_.empty()) finish(jobs_.back().get(), aborted());
}

void Scheduler::work() {
  if (options_.own_thread) return;
  while (stats().jobs > 0 && collect()) run_step();
}

void Scheduler::run_step() {
  end_cancelled();
  plan_step();
  if (rows_.empty()) return;
  compute_step();
  advance_step();
}

// Takes in what arrived, and waits while there is nothing to do. False when stopping.
bool Scheduler::collect() {
  std::vector<std::unique_ptr<Job>> arrived;
  bool stopping;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || !arrived_.empty() || !jobs_.empty(); });
    arrived.swap(arrived_);
    stopping = stopping_;
  }
  for (auto& job : arrived) begin(std::move(job));
  return !stopping;
}

void Scheduler::begin(std::unique_ptr<Job> job) {
  Job* const started = job.get();
  jobs_.push_back(std::move(job));
  queue_of(started).add(started->group, started);
  std::exception_ptr error;
  bool done = false;
  try {
    done = started->begin();
  } catch (...) {
    error = std::current_exception();
  }
  if (done || error) finish(started, error);
}

void Scheduler::end_cancelled() {
  for (size_t i = jobs_.size(); i-- > 0;)
    if (*jobs_[i]->cancelled) finish(jobs_[i].get(), aborted());
}

void Scheduler::finish(Job* job, std::exception_ptr error) {
  queue_of(job).remove(job->group, job);
  const auto at = std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& owned) { return owned.get() == job; });
  const std::unique_ptr<Job> owned = std::move(*at);
  jobs_.erase(at);
  {
    std::lock_guard lock(mutex_);  // before its end: whoever hears of it may submit the next
    jobs_count_--;
  }
  owned->end(error);
}

void Scheduler::plan(Job* job, size_t count) {
  try {
    job->first_row_ = rows_.size();
    job->plan(count, rows_);
    job->rows_ = rows_.size() - job->first_row_;
    job->error_ = nullptr;
    planned_.push_back(job);
  } catch (...) {
    rows_.resize(job->first_row_);
    finish(job, std::current_exception());
  }
}

// Drafts are for steps that weights flow through faster than they are multiplied: those of a few answers, each with an
// equal share, while no prompt waits whose rows are surely wanted.
size_t Scheduler::rows_per_answer() const {
  if (!drafts_ || !prefilling_.empty() || decoding_.empty() || decoding_.size() > kDraftingAnswers) return 1;
  return (kDraftMax + 1) / decoding_.size();
}

void Scheduler::plan_step() {
  rows_.clear();
  planned_.clear();
  decoding_.begin_round();
  const size_t rows_each = rows_per_answer();
  const size_t decode_max = prefilling_.empty() ? kStepRows : kStepRows - kPrefillRows;
  while (rows_.size() < decode_max) {
    Job* job = decoding_.next();
    if (!job) break;
    plan(job, rows_each);
  }
  const Pace& pace = rows_.empty() ? prefill_pace_ : mixed_pace_;
  const size_t end = std::min(kStepRows, rows_.size() + pace.rows());
  prefilling_.begin_round();
  while (rows_.size() < end) {  // one prompt fills what there is; what it leaves goes to the next in turn
    Job* job = prefilling_.next();
    if (!job) break;
    plan(job, std::min(end - rows_.size(), job->remaining()));
  }
}

void Scheduler::compute_step() {
  const auto started = std::chrono::steady_clock::now();
  const bool mixed = planned_.front()->kind == Job::Kind::decode;
  size_t prefill_rows = 0, positions = 0;
  for (const Job* job : planned_)
    if (job->kind == Job::Kind::prefill) prefill_rows += job->rows_;
  for (const Row& row : rows_) positions = std::max(positions, row.position + size_t{1});
  model->forward.reserve(positions);
  model->forward.step(rows_);
  read_hidden();
  read_logits();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - started;
  (mixed ? mixed_pace_ : prefill_pace_).observe(prefill_rows, took.count());
  std::lock_guard lock(mutex_);
  stats_.steps++;
  stats_.rows += rows_.size();
}

namespace {

void read_row(Job& job, std::exception_ptr& error, const Reading& reading) {
  if (error) return;
  try {
    job.read(reading);
  } catch (...) {
    error = std::current_exception();
  }
}

}  // namespace

void Scheduler::read_hidden() {
  for (Job* job : planned_)
    for (size_t i = 0; i < job->rows_; i++)
      if (job->wants(i) == Job::Want::hidden)
        read_row(*job, job->error_, {i, model->forward.hidden(job->first_row_ + i), nullptr, scratches_[0]});
}

// The head runs over kLogitRows rows at a time; then each job reads its own, all jobs at once.
void Scheduler::read_logits() {
  struct Part {
    Job* job;
    size_t index, at;  // the job's first row of this batch, and where it lies in the batch
    size_t count;
  };
  std::vector<size_t> rows;
  std::vector<Part> parts;
  const auto read = [&] {
    if (rows.empty()) return;
    const float* logits = model->forward.logits(rows);
    const size_t stride = model->forward.logit_stride();
    model->pool.run(parts.size(), [&](size_t p, size_t thread) {
      const Part& part = parts[p];
      for (size_t i = 0; i < part.count; i++)
        read_row(*part.job, part.job->error_,
                 {part.index + i, model->forward.hidden(rows[part.at + i]), logits + (part.at + i) * stride,
                  scratches_[thread]});
    });
    rows.clear();
    parts.clear();
  };
  for (Job* job : planned_)
    for (size_t i = 0; i < job->rows_; i++) {
      if (job->wants(i) != Job::Want::logits) continue;
      if (!parts.empty() && parts.back().job == job && parts.back().index + parts.back().count == i)
        parts.back().count++;
      else
        parts.push_back({job, i, rows.size(), 1});
      rows.push_back(job->first_row_ + i);
      if (rows.size() == kLogitRows) read();
    }
  read();
}

void Scheduler::count_drafts(const Drafts& drafts) {
  if (drafts.made == 0) return;
  std::lock_guard lock(mutex_);
  stats_.drafted += drafts.made;
  stats_.kept += drafts.kept;
}

void Scheduler::advance_step() {
  for (Job* job : planned_) {
    std::exception_ptr error = job->error_;
    bool done = false;
    try {
      if (!error) done = job->advance();
    } catch (...) {
      error = std::current_exception();
    }
    count_drafts(job->drafts());
    if (done || error) finish(job, error);
  }
}

}  // namespace aria
