#include "session_jobs.h"

#include <algorithm>

namespace aria {

PrefillJob::PrefillJob(std::shared_ptr<Session> session, std::vector<uint32_t> tokens, Cancel cancelled,
                       Done<size_t> done)
    : Job(Kind::prefill, session->group_, std::move(cancelled)),
      session_(std::move(session)),
      tokens_(std::move(tokens)),
      done_(std::move(done)) {}

// All pages are taken before anything is computed: a prompt that does not fit costs nothing.
bool PrefillJob::begin() {
  Session& session = *session_;
  session.check_prefill(tokens_);
  length_ = session.sequence_.size() + tokens_.size();
  if (session.sequence_.empty() && !session.options_.share_key.empty())  // the last token's logits are wanted: compute it
    computed_ = session.scheduler_->pages.attach(session.options_.share_key, std::span(tokens_).first(length_ - 1),
                                                 session.cache_, session.reservation_);
  else
    computed_ = session.computed_;
  session.need_pages(length_);
  return false;
}

size_t PrefillJob::remaining() const { return length_ - computed_; }

uint32_t PrefillJob::token_at(size_t position) const {
  const std::vector<uint32_t>& before = session_->sequence_;
  return position < before.size() ? before[position] : tokens_[position - before.size()];
}

void PrefillJob::plan(size_t count, std::vector<Row>& rows) {
  planned_ = count;
  for (size_t i = 0; i < count; i++) session_->append_row(token_at(computed_ + i), computed_ + i, rows);
}

Job::Want PrefillJob::wants(size_t index) const {
  return computed_ + index + 1 == length_ ? Want::logits : Want::nothing;
}

void PrefillJob::read(const Reading& reading) {
  logits_.assign(reading.logits, reading.logits + session_->scheduler_->model->config.vocabulary);
}

bool PrefillJob::advance() {
  computed_ += planned_;
  return computed_ == length_;
}

void PrefillJob::end(std::exception_ptr error) noexcept {
  Session& session = *session_;
  if (error) {
    session.scheduler_->pages.release(session.cache_, pages_for(session.computed_));
    session_.reset();
    return done_({std::nullopt, failure_of(error)});
  }
  session.sequence_.insert(session.sequence_.end(), tokens_.begin(), tokens_.end());
  session.computed_ = session.answer_start_ = length_;
  session.logits_ = std::move(logits_);
  session.stopped_ = false;
  session.publish(false);
  session_.reset();
  done_({length_, std::nullopt});
}

DecodeJob::DecodeJob(std::shared_ptr<Session> session, DecodeRequest request, Cancel cancelled,
                     Done<std::vector<Draw>> done)
    : Job(Kind::decode, session->group_, std::move(cancelled)),
      session_(std::move(session)),
      request_(std::move(request)),
      done_(std::move(done)) {}

bool DecodeJob::finished() const { return made_.size() >= request_.count || session_->stopped_; }

bool DecodeJob::begin() {
  Session& session = *session_;
  if (session.sequence_.empty()) throw Error("bad_token", "The session is empty; prefill a prompt first.");
  check_sampling(request_.sampling, session.scheduler_->model->config.vocabulary);
  answer_start_ = request_.answer_start.value_or(session.answer_start_);
  if (answer_start_ > session.sequence_.size())
    throw Error("bad_options", "The answer starts at " + std::to_string(answer_start_) + ", beyond the session's " +
                                   std::to_string(session.sequence_.size()) + " tokens.");
  if (finished()) return true;
  if (session.computed_ < session.sequence_.size()) return false;
  check_room();
  Scratch scratch;  // once per answer
  draw(session.logits_.data(), scratch);
  return finished();
}

void DecodeJob::check_room() const {
  const Session& session = *session_;
  if (session.sequence_.size() >= session.options_.tokens_max)
    throw Error("context_full",
                "The session is full: it holds " + std::to_string(session.sequence_.size()) + " tokens.");
}

// Drafts take no page that the answer would not have taken, and none that could not become part of it.
void DecodeJob::plan(size_t count, std::vector<Row>& rows) {
  Session& session = *session_;
  check_room();
  const size_t length = session.sequence_.size(), position = session.computed_;
  session.need_pages(position + 1);
  const size_t most = std::min({count - 1, request_.count - made_.size() - 1, session.options_.tokens_max - length - 1,
                                session.cache_.room() - position - 1});
  drafts_ = session.speculation_.draft(session.sequence_, most);
  kept_ = 0;
  settled_ = false;
  session.append_row(session.sequence_.back(), position, rows);
  for (size_t i = 0; i < drafts_.size(); i++) session.append_row(drafts_[i], position + 1 + i, rows);
}

// Draws the next token and appends it.
void DecodeJob::draw(const float* logits, Scratch& scratch) {
  Session& session = *session_;
  const SharedMask allowed = session.constraint_.mask(*session.scheduler_->grammars, request_.sampling.grammar,
                                                      std::span(session.sequence_).subspan(answer_start_));
  Draw drawn = sample(logits, session.scheduler_->model->config.vocabulary, request_.sampling, session.sequence_,
                      answer_start_, request_.seed, scratch, allowed.get());
  const uint32_t token = drawn.token;
  made_.push_back(std::move(drawn));
  session.sequence_.push_back(token);
  session.logits_ = {};  // a vocabulary of memory for sessions that wait to answer, not for those that do
  const auto& stops = session.options_.stop_tokens;
  session.stopped_ = std::find(stops.begin(), stops.end(), token) != stops.end();
}

// A row that nothing can be drawn from is computed all the same: its logits are kept, so that the sequence stays whole.
void DecodeJob::read(const Reading& reading) {
  if (settled_) return;
  Session& session = *session_;
  session.computed_++;
  try {
    draw(reading.logits, reading.scratch);
  } catch (...) {
    session.logits_.assign(reading.logits, reading.logits + session.scheduler_->model->config.vocabulary);
    throw;
  }
  const bool right = kept_ < drafts_.size() && drafts_[kept_] == session.sequence_.back();
  if (right) kept_++;
  settled_ = !right || finished();
}

bool DecodeJob::advance() {
  session_->speculation_.learn(drafts_.size(), kept_);
  return finished();
}

void DecodeJob::end(std::exception_ptr error) noexcept {
  session_.reset();
  if (error && made_.empty()) return done_({std::nullopt, failure_of(error)});
  done_({std::move(made_), std::nullopt});  // the next call reports the error
}

LogitsJob::LogitsJob(std::shared_ptr<Session> session, Cancel cancelled, Done<std::vector<float>> done)
    : Job(Kind::decode, session->group_, std::move(cancelled)), session_(std::move(session)), done_(std::move(done)) {}

bool LogitsJob::begin() {
  if (session_->sequence_.empty()) throw Error("bad_token", "The session is empty; prefill a prompt first.");
  return session_->computed_ == session_->sequence_.size();
}

void LogitsJob::plan(size_t, std::vector<Row>& rows) {
  session_->need_pages(session_->computed_ + 1);
  session_->append_row(session_->sequence_.back(), session_->computed_, rows);
}

void LogitsJob::read(const Reading& reading) {
  session_->logits_.assign(reading.logits, reading.logits + session_->scheduler_->model->config.vocabulary);
}

bool LogitsJob::advance() {
  session_->computed_++;
  return true;
}

void LogitsJob::end(std::exception_ptr error) noexcept {
  Outcome<std::vector<float>> outcome;
  if (error)
    outcome.error = failure_of(error);
  else
    outcome.value = session_->logits_;
  session_.reset();
  done_(std::move(outcome));
}

}  // namespace aria
