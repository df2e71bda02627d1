#include "../src/session/verify.h"
#include "job.h"
#include "objects.h"
#include "values.h"

namespace aria {

Napi::Function ModelObject::define(Napi::Env env) {
  return DefineClass(
      env, "Model",
      {InstanceMethod<&ModelObject::kernels>("kernels"), InstanceMethod<&ModelObject::threads>("threads"),
       InstanceMethod<&ModelObject::create_session>("createSession"), InstanceMethod<&ModelObject::verify>("verify"),
       InstanceMethod<&ModelObject::close>("close")});
}

Napi::Value ModelObject::wrap(Napi::Env env, std::shared_ptr<Model> model) {
  Napi::Object object = env.GetInstanceData<Classes>()->model.New({});
  Unwrap(object)->model_ = std::move(model);
  return object;
}

Napi::Value ModelObject::kernels(const Napi::CallbackInfo& info) {
  if (!model_) throw error_of(info.Env(), "closed", "The model is closed.");
  return Napi::String::New(info.Env(), model_->context.kernels.name);
}
Napi::Value ModelObject::threads(const Napi::CallbackInfo& info) {
  if (!model_) throw error_of(info.Env(), "closed", "The model is closed.");
  return Napi::Number::New(info.Env(), double(model_->pool.threads()));
}

Napi::Value ModelObject::create_session(const Napi::CallbackInfo& info) {
  if (!model_) throw error_of(info.Env(), "closed", "The model is closed.");
  const size_t tokens_max = info[0].As<Napi::Number>().Uint32Value();
  return SessionObject::wrap(info.Env(), std::make_shared<Session>(model_, tokens_max, to_tokens(info[1])));
}

Napi::Value ModelObject::verify(const Napi::CallbackInfo& info) {
  if (!model_) throw error_of(info.Env(), "closed", "The model is closed.");
  const auto object = info[0].As<Napi::Object>();
  const Transcript transcript{to_tokens(object.Get("prompt")), to_tokens(object.Get("output")),
                              to_sampling(object.Get("sampling")), to_seed(object.Get("seed"))};
  const auto control = Control::of(info[2]);
  return run(
      info.This().As<Napi::Object>(), control,
      [model = model_, transcript, stops = to_tokens(info[1]), control] {
        return aria::verify(*model, transcript, stops, control->cancelled);
      },
      from_verdict);
}

void ModelObject::close(const Napi::CallbackInfo&) { model_.reset(); }

}  // namespace aria
