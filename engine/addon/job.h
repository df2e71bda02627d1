#pragma once
// run(): does work on a thread of its own and settles a promise on the event loop. Not libuv's pool, whose
// four threads file access and DNS share: a long verification must not hold those up.
#include <napi.h>

#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>

#include "../src/session/job.h"
#include "control.h"

namespace aria {

inline Napi::Error error_of(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

template <class Work, class Convert>
class ThreadJob {
 public:
  ThreadJob(Napi::Object owner, std::shared_ptr<ControlState> control, Work work, Convert convert)
      : env_(owner.Env()),
        deferred_(Napi::Promise::Deferred::New(env_)),
        owner_(Napi::Persistent(owner)),
        control_(std::move(control)),
        work_(std::move(work)),
        convert_(std::move(convert)) {
    wake_ = Wake::New(env_, "aria job", 0, 1, this);
    // Added after the wake function's own hook, so it runs before: the thread never sees a closed one.
    napi_add_env_cleanup_hook(env_, stop_at_exit, this);
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
    wake_.BlockingCall();
    wake_.Release();
  }

  static void settle(Napi::Env env, Napi::Function, ThreadJob* job, void*) {
    napi_remove_env_cleanup_hook(job->env_, stop_at_exit, job);
    job->thread_.join();
    if (env != nullptr) {
      Napi::HandleScope scope(env);
      job->finish();
    }
    delete job;
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

  using Wake = Napi::TypedThreadSafeFunction<ThreadJob, void, settle>;
  Napi::Env env_;
  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference owner_;  // keeps the wrapped C++ object alive
  std::shared_ptr<ControlState> control_;
  Work work_;
  Convert convert_;
  std::optional<Result> result_;
  std::exception_ptr thrown_;
  Wake wake_;
  std::thread thread_;
};

template <class Work, class Convert>
Napi::Value run(Napi::Object owner, std::shared_ptr<ControlState> control, Work work, Convert convert) {
  auto* job = new ThreadJob<Work, Convert>(owner, std::move(control), std::move(work), std::move(convert));  // deletes itself
  return job->promise();
}

}  // namespace aria
