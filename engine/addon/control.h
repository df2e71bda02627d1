#pragma once
// A handle that JavaScript holds while a job runs: it can cancel the job and read its progress.
#include <napi.h>

#include <atomic>
#include <memory>

namespace aria {

struct ControlState {
  std::atomic<bool> cancelled{false};
  std::atomic<double> progress{0};
};

class Control : public Napi::ObjectWrap<Control> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Control",
                       {InstanceMethod<&Control::cancel>("cancel"), InstanceMethod<&Control::progress>("progress")});
  }
  explicit Control(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

  static std::shared_ptr<ControlState> of(const Napi::Value& value) { return Unwrap(value.As<Napi::Object>())->state_; }

 private:
  void cancel(const Napi::CallbackInfo&) { state_->cancelled = true; }
  Napi::Value progress(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), state_->progress); }

  std::shared_ptr<ControlState> state_ = std::make_shared<ControlState>();
};

}  // namespace aria
