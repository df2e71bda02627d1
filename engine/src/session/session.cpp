#include "session.h"

#include "session_jobs.h"

namespace aria {
namespace {

// Sessions without a key are nobody's; each has a turn of its own.
std::string group_of(const SessionOptions& options) {
  static std::atomic<uint64_t> next{0};
  if (!options.share_key.empty()) return options.share_key;
  return std::string("\n").append(std::to_string(next++));
}

}  // namespace

Session::Session(std::shared_ptr<Scheduler> scheduler, SessionOptions options)
    : scheduler_(std::move(scheduler)),
      options_(std::move(options)),
      group_(group_of(options_)),
      cache_(scheduler_->pages.shape()) {
  const size_t pages = pages_for(options_.tokens_max);
  if (options_.reserve) need_capacity(options_.tokens_max);
  if (options_.reserve && !scheduler_->pages.reserve(pages, reservation_))
    throw Error("busy", "The cache has no " + std::to_string(pages) + " pages left for " +
                            std::to_string(options_.tokens_max) + " tokens; try again when other sessions have closed.");
}

Session::~Session() {
  publish(true);
  scheduler_->pages.release(cache_);
  scheduler_->pages.cancel(reservation_);
}

void Session::check_prefill(const std::vector<uint32_t>& tokens) const {
  if (tokens.empty()) throw Error("bad_token", "A prefill needs at least one token.");
  const size_t vocabulary = scheduler_->model->config.vocabulary;
  for (uint32_t token : tokens)
    if (token >= vocabulary)
      throw Error("bad_token", "Token " + std::to_string(token) + " is outside the vocabulary of " +
                                   std::to_string(vocabulary) + ".");
  if (tokens.size() > options_.tokens_max - sequence_.size())
    throw Error("context_full", "The session holds " + std::to_string(sequence_.size()) + " of at most " +
                                    std::to_string(options_.tokens_max) + " tokens; " + std::to_string(tokens.size()) +
                                    " more do not fit.");
}

void Session::need_capacity(size_t positions) const {
  const size_t capacity = scheduler_->pages.capacity();
  if (pages_for(positions) > capacity)
    throw Error("context_full", std::to_string(positions) + " positions need " + std::to_string(pages_for(positions)) +
                                    " pages of the cache, which holds " + std::to_string(capacity) +
                                    "; load the model with more cacheBytes.");
}

// Pages for the first `positions`, or an error that says whether waiting would help.
void Session::need_pages(size_t positions) {
  need_capacity(positions);
  PageStore& pages = scheduler_->pages;
  while (cache_.room() < positions) {
    Page* page = pages.take(reservation_);
    if (!page)
      throw Error("busy", "All " + std::to_string(pages.capacity()) +
                              " pages of the cache are in use; try again when other sessions have closed.");
    cache_.pages.push_back(page);
  }
}

void Session::append_row(uint32_t token, size_t position, std::vector<Row>& rows) {
  // Pages that others may read are full and lie before `position`; writing to one would change their answers.
  if (cache_.pages[position / kPagePositions]->node) throw Error("internal", "A row would write to a shared page.");
  rows.push_back({token, uint32_t(position), &cache_});
}

// Computed pages never change again, so they may be offered to others.
void Session::publish(bool tail) {
  if (options_.share_key.empty() || !offers_pages_) return;
  scheduler_->pages.publish(options_.share_key, std::span(sequence_).first(computed_), cache_, tail);
}

void Session::prefill(std::vector<uint32_t> tokens, Cancel cancelled, Done<size_t> done) {
  scheduler_->submit(
      std::make_unique<PrefillJob>(shared_from_this(), std::move(tokens), std::move(cancelled), std::move(done)));
}

void Session::decode(DecodeRequest request, Cancel cancelled, Done<std::vector<Draw>> done) {
  scheduler_->submit(
      std::make_unique<DecodeJob>(shared_from_this(), std::move(request), std::move(cancelled), std::move(done)));
}

void Session::logits(Cancel cancelled, Done<std::vector<float>> done) {
  scheduler_->submit(std::make_unique<LogitsJob>(shared_from_this(), std::move(cancelled), std::move(done)));
}

}  // namespace aria
