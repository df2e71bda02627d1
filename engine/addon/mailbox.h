#pragma once
// Results on their way to the event loop: one queue for all sessions and jobs, so that a step that advances 64 sessions
// wakes the loop once. One turn of the loop settles what fits its share of time; the rest waits for the next, so that
// whatever else the process does comes in between.
#include <napi.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../src/session/job.h"

namespace aria {

inline Napi::Error error_of(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

class Mailbox {
 public:
  using Message = std::function<void(Napi::Env)>;

  // The environment outlives its wake functions only until the last one is deleted, and instance data goes after that:
  // the function is let go in a hook, which runs before its own, and never in a destructor.
  explicit Mailbox(Napi::Env env)
      : env_(env),
        set_immediate_(Napi::Persistent(env.Global().Get("setImmediate").As<Napi::Function>())),
        turn_ended_(Napi::Persistent(Napi::Function::New(env, [this](const Napi::CallbackInfo&) { end_turn(); }))),
        wake_(Wake::New(env, "aria results", 0, 1, this)) {
    wake_.Unref(env_);
    napi_add_env_cleanup_hook(env_, release_at_exit, new Wake(wake_));
  }

  // On the event loop: one more message will come. The process stays alive for it.
  void expect() {
    if (expected_++ == 0) wake_.Ref(env_);
  }
  void expect_no_more() {
    if (--expected_ == 0) wake_.Unref(env_);
  }

  // From any thread; what was expected.
  void post(Message message) { post(std::make_unique<Message>(std::move(message))); }

 private:
  using Clock = std::chrono::steady_clock;
  // What settling and the code that waited for it may take of a turn; the last message may exceed it by its own time.
  static constexpr auto kTurn = std::chrono::microseconds(1000);

  // A message that cannot be sent is left to the system: the process ends.
  void post(std::unique_ptr<Message> message) {
    (void)wake_.NonBlockingCall(message.release());
  }

  // The first message of a turn starts its share of time; immediates run when the turn's messages have been delivered.
  bool has_time() {
    const auto now = Clock::now();
    if (!in_turn_) {
      in_turn_ = true;
      turn_started_ = now;
      set_immediate_.Call({turn_ended_.Value()});
    }
    return now - turn_started_ < kTurn;
  }
  void end_turn() {
    in_turn_ = false;
    auto late = std::move(late_);
    late_.clear();
    for (auto& message : late) post(std::move(message));
  }

  static void deliver(Napi::Env env, Napi::Function, Mailbox* self, Message* posted);
  using Wake = Napi::TypedThreadSafeFunction<Mailbox, Message, deliver>;

  static void release_at_exit(void* wake) { std::unique_ptr<Wake>(static_cast<Wake*>(wake))->Release(); }

  Napi::Env env_;
  Napi::FunctionReference set_immediate_, turn_ended_;
  Wake wake_;
  size_t expected_ = 0;
  bool in_turn_ = false;  // from here on: on the event loop only
  Clock::time_point turn_started_;
  std::vector<std::unique_ptr<Message>> late_;
};

inline void Mailbox::deliver(Napi::Env env, Napi::Function, Mailbox* self, Message* posted) {
  std::unique_ptr<Message> message(posted);
  if (env == nullptr) return;
  Napi::HandleScope scope(env);
  if (!self->has_time()) return self->late_.push_back(std::move(message));
  self->expect_no_more();
  (*message)(env);
}

// Starts a call of the scheduler and settles a promise with its outcome. `owner` lives until then; `settled` runs first,
// on the event loop. `start(done)` may throw, which rejects.
template <class Value, class Start, class Settled, class Convert>
Napi::Value request(Mailbox& mailbox, Napi::Object owner, Start start, Settled settled, Convert convert) {
  const Napi::Env env = owner.Env();
  struct Pending {  // lives and dies on the event loop
    Napi::Promise::Deferred deferred;
    Napi::ObjectReference owner;
  };
  auto* pending = new Pending{Napi::Promise::Deferred::New(env), Napi::Persistent(owner)};
  const Napi::Promise promise = pending->deferred.Promise();
  const auto settle = [pending, settled, convert](Napi::Env env, Outcome<Value>& outcome) {
    const std::unique_ptr<Pending> owned(pending);
    settled();
    if (outcome.value)
      owned->deferred.Resolve(convert(env, *outcome.value));
    else
      owned->deferred.Reject(error_of(env, outcome.error->code, outcome.error->message).Value());
  };
  mailbox.expect();
  try {
    start(Done<Value>([&mailbox, settle](Outcome<Value> outcome) {
      // A std::function copies what it holds, and logits are large: shared instead.
      mailbox.post([settle, shared = std::make_shared<Outcome<Value>>(std::move(outcome))](Napi::Env env) {
        settle(env, *shared);
      });
    }));
  } catch (...) {
    mailbox.expect_no_more();
    Outcome<Value> outcome{std::nullopt, failure_of(std::current_exception())};
    settle(env, outcome);
  }
  return promise;
}

}  // namespace aria
