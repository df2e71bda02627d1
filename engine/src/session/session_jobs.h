#pragma once
// What a session asks of the scheduler.
#include "session.h"

namespace aria {

class PrefillJob : public Job {
 public:
  PrefillJob(std::shared_ptr<Session> session, std::vector<uint32_t> tokens, Cancel cancelled, Done<size_t> done);
  bool begin() override;
  size_t remaining() const override;
  void plan(size_t count, std::vector<Row>& rows) override;
  Want wants(size_t index) const override;
  void read(const Reading& reading) override;
  bool advance() override;
  void end(std::exception_ptr error) noexcept override;

 private:
  uint32_t token_at(size_t position) const;

  std::shared_ptr<Session> session_;  // let go before `done`: who hears of the end may close the session
  const std::vector<uint32_t> tokens_;
  const Done<size_t> done_;
  size_t length_ = 0;    // of the sequence when all is done
  size_t computed_ = 0;  // becomes the session's at the end, so that an aborted prefill changes nothing
  size_t planned_ = 0;
  std::vector<float> logits_;
};

class DecodeJob : public Job {
 public:
  DecodeJob(std::shared_ptr<Session> session, DecodeRequest request, Cancel cancelled,
            Done<std::vector<Draw>> done);
  bool begin() override;
  size_t remaining() const override { return 1; }
  void plan(size_t count, std::vector<Row>& rows) override;
  Want wants(size_t) const override { return Want::logits; }
  void read(const Reading& reading) override;
  bool advance() override;
  Drafts drafts() const override { return {drafts_.size(), kept_}; }
  void end(std::exception_ptr error) noexcept override;

 private:
  void draw(const float* logits, Scratch& scratch);
  void check_room() const;
  bool finished() const;

  std::shared_ptr<Session> session_;
  const DecodeRequest request_;
  const Done<std::vector<Draw>> done_;
  size_t answer_start_ = 0;
  std::vector<Draw> made_;
  std::vector<uint32_t> drafts_;  // planned after the newest token
  size_t kept_ = 0;               // of them, known to be what the model drew
  bool settled_ = false;          // no further row of the step is what comes next
};

class LogitsJob : public Job {
 public:
  LogitsJob(std::shared_ptr<Session> session, Cancel cancelled, Done<std::vector<float>> done);
  bool begin() override;
  size_t remaining() const override { return 1; }
  void plan(size_t count, std::vector<Row>& rows) override;
  Want wants(size_t) const override { return Want::logits; }
  void read(const Reading& reading) override;
  bool advance() override;
  void end(std::exception_ptr error) noexcept override;

 private:
  std::shared_ptr<Session> session_;
  const Done<std::vector<float>> done_;
};

}  // namespace aria
