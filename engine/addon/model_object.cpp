#include "../src/session/snapshot.h"
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
       InstanceMethod<&ModelObject::restore_session>("restoreSession"),
       InstanceMethod<&ModelObject::session_bytes_max>("sessionBytesMax"),
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
  Env().GetInstanceData<Classes>()->freeing.add([scheduler = std::move(scheduler_)]() mutable {
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
  object.Set("drafted", double(serving.drafted));
  object.Set("draftsKept", double(serving.kept));
  object.Set("jobs", double(serving.jobs));
  object.Set("pageBytes", double(scheduler.pages.page_memory()));
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

Napi::Value ModelObject::session_bytes_max(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(Snapshot::bytes_max(opened(info))));
}

// The pieces belong to index.ts alone, so they can be read on another thread; copying them here would hold up the loop.
Napi::Value ModelObject::restore_session(const Napi::CallbackInfo& info) {
  opened(info);
  const auto pieces = info[0].As<Napi::Array>();
  std::vector<std::span<const uint8_t>> views;
  for (uint32_t i = 0; i < pieces.Length(); i++) {
    const auto piece = pieces.Get(i).As<Napi::Uint8Array>();
    views.emplace_back(piece.Data(), piece.ElementLength());
  }
  SessionOptions options{info[1].As<Napi::Number>().Uint32Value(), to_tokens(info[2]), info[3].As<Napi::String>(),
                         info[4].As<Napi::Boolean>().Value()};
  const Napi::Object self = info.This().As<Napi::Object>();
  // What the promise needs when it settles stays in the conversion, which lives and dies on the event loop.
  const auto kept = std::make_shared<std::pair<Napi::ObjectReference, Napi::ObjectReference>>(Napi::Persistent(pieces.As<Napi::Object>()),
                                                                                              Napi::Persistent(self));
  return run(
      self, std::make_shared<ControlState>(),
      [scheduler = scheduler_, options = std::move(options), views = std::move(views)] {
        std::vector<uint8_t> bytes;
        for (const auto& view : views) bytes.insert(bytes.end(), view.begin(), view.end());
        return Snapshot::restore(scheduler, options, bytes);
      },
      [kept](Napi::Env, const std::shared_ptr<Session>& session) {
        return SessionObject::wrap(kept->second.Value(), session);
      });
}

Napi::Value ModelObject::verify(const Napi::CallbackInfo& info) {
  opened(info);
  std::vector<Transcript> transcripts;
  const auto array = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) transcripts.push_back(to_transcript(array.Get(i)));
  VerifyOptions options{to_tokens(info[1]), std::nullopt};
  if (info[2].IsTypedArray()) options.key = to_digest_key(info[2]);
  const auto control = Control::of(info[3]);
  return run(
      info.This().As<Napi::Object>(), control,
      [scheduler = scheduler_, transcripts = std::move(transcripts), options = std::move(options), control] {
        return aria::verify(*scheduler, transcripts, options, control->cancelled,
                            [&](double share) { control->progress = share; });
      },
      from_verdicts);
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
