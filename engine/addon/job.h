#pragma once
// run(): does work on a thread of its own and settles a promise on the event loop, through the mailbox, which shares out
// the loop's time. Not libuv's pool, whose four threads file access and DNS share: a long verification must not hold
// those up.
#include <napi.h>

#include <exception>
#include <memory>
#include <optional>
#include <thread>

#include "../src/session/job.h"
#include "control.h"
#include "objects.h"

namespace aria {

template <class Work, class Convert>
class ThreadJob {
 public:
  ThreadJob(Napi::Object owner, std::shared_ptr<ControlState> control, Work work, Convert convert)
      : env_(owner.Env()),
        mailbox_(env_.GetInstanceData<Classes>()->mailbox),
        deferred_(Napi::Promise::Deferred::New(env_)),
        owner_(Napi::Persistent(owner)),
        control_(std::move(control)),
        work_(std::move(work)),
        convert_(std::move(convert)) {
    // Added after the mailbox's own hook, so it runs before: the thread never posts to a closed one.
    napi_add_env_cleanup_hook(env_, stop_at_exit, this);
    mailbox_.expect();
    thread_ = std::thread([this] { execute(); });
  }
  Napi::Promise promise() const { return deferred_.Promise(); }

 private:
  using Result = decltype(std::declval<Work>()());

  void execute() {
    try {
      result_.emplace(work_());
    } catch (...) {
      thrown_ = std::current_exception();
    }
    mailbox_.post([this](Napi::Env) { settle(); });
  }

  void settle() {
    napi_remove_env_cleanup_hook(env_, stop_at_exit, this);
    thread_.join();
    finish();
    delete this;
  }
  void finish() {
    if (result_) return deferred_.Resolve(convert_(env_, *result_));
    const Failure failure = failure_of(thrown_);
    deferred_.Reject(error_of(env_, failure.code, failure.message).Value());
  }
  static void stop_at_exit(void* job) {
    static_cast<ThreadJob*>(job)->control_->cancelled = true;
    static_cast<ThreadJob*>(job)->thread_.join();  // the process ends: the job itself is left to the system
  }

  Napi::Env env_;
  Mailbox& mailbox_;
  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference owner_;  // keeps the wrapped C++ object alive
  std::shared_ptr<ControlState> control_;
  Work work_;
  Convert convert_;
  std::optional<Result> result_;
  std::exception_ptr thrown_;
  std::thread thread_;
};

template <class Work, class Convert>
Napi::Value run(Napi::Object owner, std::shared_ptr<ControlState> control, Work work, Convert convert) {
  auto* job = new ThreadJob<Work, Convert>(owner, std::move(control), std::move(work), std::move(convert));  // deletes itself
  return job->promise();
}

}  // namespace aria
