#include "replay.h"

#include <condition_variable>
#include <mutex>

namespace aria {
namespace {

// What the caller waits on.
struct Waiting {
  std::mutex mutex;
  std::condition_variable changed;
  size_t running = 0;
  std::optional<Failure> error;

  void ended(const std::exception_ptr& thrown) {
    std::lock_guard lock(mutex);
    if (thrown && !error) error = failure_of(thrown);
    running--;
    changed.notify_all();  // under the lock: the caller may destroy this once it is released
  }
};

class ReplayJob : public Job {
 public:
  using Read = std::function<bool(const ReplayedRow&)>;
  ReplayJob(Scheduler& scheduler, Stream stream, size_t index, const std::string& group, Cancel cancelled,
            const Read& read, Waiting& waiting)
      : Job(Kind::prefill, group, std::move(cancelled)),
        scheduler_(scheduler),
        stream_(stream),
        index_(index),
        read_(read),
        waiting_(waiting),
        cache_(scheduler.pages.shape()) {}

  bool begin() override {
    const size_t vocabulary = scheduler_.model->config.vocabulary, capacity = scheduler_.pages.capacity();
    for (uint32_t token : stream_.tokens)
      if (token >= vocabulary)
        throw Error("bad_token", "Token " + std::to_string(token) + " is outside the vocabulary of " +
                                     std::to_string(vocabulary) + ".");
    const size_t needed = pages_for(stream_.tokens.size());
    if (stream_.tokens.size() > scheduler_.model->config.context || needed > capacity)
      throw Error("context_full", std::to_string(stream_.tokens.size()) + " tokens fit neither a context of " +
                                      std::to_string(scheduler_.model->config.context) + " nor a cache of " +
                                      std::to_string(capacity) + " pages.");
    Reservation none = 0;
    while (cache_.pages.size() < needed) {
      Page* page = scheduler_.pages.take(none);
      if (!page)
        throw Error("busy", "All " + std::to_string(capacity) +
                                " pages of the cache are in use; try again when other sessions have closed.");
      cache_.pages.push_back(page);
    }
    return stream_.tokens.empty();
  }

  size_t remaining() const override { return stream_.tokens.size() - computed_; }

  void plan(size_t count, std::vector<Row>& rows) override {
    planned_ = count;
    for (size_t i = 0; i < count; i++)
      rows.push_back({stream_.tokens[computed_ + i], uint32_t(computed_ + i), &cache_});
  }

  Want wants(size_t index) const override {
    const size_t position = computed_ + index;
    if (position >= stream_.logits_from) return Want::logits;
    return position >= stream_.hidden_from ? Want::hidden : Want::nothing;
  }

  void read(const Reading& reading) override {
    if (satisfied_) return;
    satisfied_ = !read_({index_, computed_ + reading.index, reading.hidden, reading.logits, reading.scratch});
  }

  bool advance() override {
    computed_ += planned_;
    return satisfied_ || computed_ == stream_.tokens.size();
  }

  void end(std::exception_ptr error) noexcept override {
    scheduler_.pages.release(cache_);
    waiting_.ended(error);
  }

 private:
  Scheduler& scheduler_;
  const Stream stream_;
  const size_t index_;
  const Read& read_;
  Waiting& waiting_;
  Cache cache_;
  size_t computed_ = 0, planned_ = 0;
  bool satisfied_ = false;
};

}  // namespace

void replay(Scheduler& scheduler, std::span<const Stream> streams, const std::string& group, const CancelFlag& cancelled,
            const std::function<bool(const ReplayedRow&)>& read) {
  Waiting waiting;
  // The caller owns the flag and outlives the jobs, so they need not share it.
  const Cancel flag(std::shared_ptr<void>(), &cancelled);
  for (size_t i = 0; i < streams.size(); i++) {
    {
      std::lock_guard lock(waiting.mutex);
      waiting.running++;
    }
    try {
      scheduler.submit(std::make_unique<ReplayJob>(scheduler, streams[i], i, group, flag, read, waiting));
    } catch (...) {
      waiting.ended(std::current_exception());
      break;
    }
  }
  scheduler.work();
  std::unique_lock lock(waiting.mutex);
  waiting.changed.wait(lock, [&] { return waiting.running == 0; });
  if (waiting.error) waiting.error->raise();
}

}  // namespace aria
