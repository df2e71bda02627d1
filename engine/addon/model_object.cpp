#include "../src/session/verify.h"
#include "job.h"
#include "objects.h"
#include "values.h"

namespace aria {

Napi::Function ModelObject::define(Napi::Env env) {
  return DefineClass(
      env, "Model",
      {InstanceMethod<&ModelObject::kernels>("kernels"), InstanceMethod<&ModelObject::threads>("threads"),
       InstanceMethod<&ModelObject::set_vocabulary>("setVocabulary"), InstanceMethod<&ModelObject::stats>("stats"),
       InstanceMethod<&ModelObject::create_session>("createSession"),
       InstanceMethod<&ModelObject::verify>("verify"), InstanceMethod<&ModelObject::close>("close")});
}

Napi::Value ModelObject::wrap(Napi::Env env, std::shared_ptr<Scheduler> scheduler) {
  Napi::Object object = env.GetInstanceData<Classes>()->model.New({});
  napi_add_env_cleanup_hook(env, stop_at_exit, scheduler.get());
  Unwrap(object)->scheduler_ = std::move(scheduler);
  return object;
}

// The process ends: the thread must not outlive the environment.
void ModelObject::stop_at_exit(void* scheduler) { static_cast<Scheduler*>(scheduler)->stop(); }

ModelObject::~ModelObject() {
  if (!scheduler_) return;
  napi_remove_env_cleanup_hook(Env(), stop_at_exit, scheduler_.get());
  Env().GetInstanceData<Classes>()->freeing.emplace_back([scheduler = std::move(scheduler_)]() mutable {
    scheduler->stop();
    scheduler.reset();
  });
}

Scheduler& ModelObject::opened(const Napi::CallbackInfo& info) const {
  if (!scheduler_) throw error_of(info.Env(), "closed", "The model is closed.");
  return *scheduler_;
}

Napi::Value ModelObject::kernels(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), opened(info).model->context.kernels.name);
}
Napi::Value ModelObject::threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(opened(info).model->pool.threads()));
}

Napi::Value ModelObject::stats(const Napi::CallbackInfo& info) {
  const Scheduler& scheduler = opened(info);
  const ServingStats serving = scheduler.stats();
  const PageStats pages = scheduler.pages.stats();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("steps", double(serving.steps));
  object.Set("rows", double(serving.rows));
  object.Set("jobs", double(serving.jobs));
  object.Set("pageBytes", double(scheduler.pages.shape().page_bytes()));
  object.Set("pages", double(pages.capacity));
  object.Set("pagesUsed", double(pages.used));
  object.Set("pagesIdle", double(pages.idle));
  object.Set("pagesReserved", double(pages.reserved));
  object.Set("pagesEvicted", double(pages.evicted));
  object.Set("positionsShared", double(pages.shared_positions));
  return object;
}

void ModelObject::set_vocabulary(const Napi::CallbackInfo& info) {
  opened(info).grammars = std::make_shared<GrammarCache>(
      std::make_shared<const Vocabulary>(to_packed_bytes(info[0]), to_tokens(info[1])));
}

Napi::Value ModelObject::create_session(const Napi::CallbackInfo& info) {
  opened(info);
  SessionOptions options{info[0].As<Napi::Number>().Uint32Value(), to_tokens(info[1]), info[2].As<Napi::String>(),
                         info[3].As<Napi::Boolean>().Value()};
  try {
    return SessionObject::wrap(info.This().As<Napi::Object>(),
                               std::make_shared<Session>(scheduler_, std::move(options)));
  } catch (const Error& error) {
    throw error_of(info.Env(), error.code, error.what());
  }
}

Napi::Value ModelObject::verify(const Napi::CallbackInfo& info) {
  opened(info);
  const auto object = info[0].As<Napi::Object>();
  const Transcript transcript{to_tokens(object.Get("prompt")), to_tokens(object.Get("output")),
                              to_sampling(object.Get("sampling")), to_seed(object.Get("seed"))};
  const auto control = Control::of(info[2]);
  return run(
      info.This().As<Napi::Object>(), control,
      [scheduler = scheduler_, transcript, stops = to_tokens(info[1]), control] {
        return aria::verify(*scheduler, transcript, stops, control->cancelled);
      },
      from_verdict);
}

Napi::Value ModelObject::close(const Napi::CallbackInfo& info) {
  opened(info);
  napi_remove_env_cleanup_hook(info.Env(), stop_at_exit, scheduler_.get());
  return run(
      info.This().As<Napi::Object>(), std::make_shared<ControlState>(),
      [scheduler = std::move(scheduler_)]() mutable {
        scheduler->stop();
        scheduler.reset();
        return true;
      },
      [](Napi::Env env, bool) { return env.Undefined(); });
}

}  // namespace aria
