#include <algorithm>

#include "../src/gguf/split.h"
#include "../src/model/model.h"
#include "../src/session/snapshot.h"
#include "job.h"
#include "objects.h"
#include "tokenizer_object.h"
#include "values.h"

namespace aria {

Napi::Function GgufObject::define(Napi::Env env) {
  return DefineClass(
      env, "Gguf",
      {InstanceMethod<&GgufObject::tensors>("tensors"),
       InstanceMethod<&GgufObject::bytes>("bytes"), InstanceMethod<&GgufObject::paths>("paths"),
       InstanceMethod<&GgufObject::header>("header"), InstanceMethod<&GgufObject::config>("config"),
       InstanceMethod<&GgufObject::tokenizer>("tokenizer"), InstanceMethod<&GgufObject::load>("load"),
       InstanceMethod<&GgufObject::close>("close")});
}

Napi::Value GgufObject::open(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  return run(
      info[1].As<Napi::Object>(), Control::of(info[1]), [path] { return std::make_shared<ModelFile>(path); },
      [](Napi::Env env, const std::shared_ptr<ModelFile>& open) -> Napi::Value {
        Napi::Object object = env.GetInstanceData<Classes>()->gguf.New({});
        Unwrap(object)->open_ = open;
        return object;
      });
}

const ModelFile& GgufObject::opened(const Napi::CallbackInfo& info) const {
  if (!open_) throw error_of(info.Env(), "closed", "The file is closed.");
  return *open_;
}
void GgufObject::close(const Napi::CallbackInfo&) { open_.reset(); }

Napi::Value GgufObject::tensors(const Napi::CallbackInfo& info) { return from_tensors(info.Env(), opened(info).gguf()); }
Napi::Value GgufObject::bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(opened(info).bytes()));
}

Napi::Value GgufObject::paths(const Napi::CallbackInfo& info) {
  const std::vector<std::string>& paths = opened(info).paths();
  Napi::Array array = Napi::Array::New(info.Env(), paths.size());
  for (uint32_t i = 0; i < paths.size(); i++) array[i] = Napi::String::New(info.Env(), paths[i]);
  return array;
}
Napi::Value GgufObject::header(const Napi::CallbackInfo& info) {
  const std::string header = whole_header(opened(info).gguf());
  auto bytes = Napi::Uint8Array::New(info.Env(), header.size());
  std::copy(header.begin(), header.end(), bytes.Data());
  return bytes;
}

Napi::Value GgufObject::config(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ModelConfig config;
  try {
    config = read_config(opened(info).gguf());
  } catch (const Error& error) {
    throw error_of(env, error.code, error.what());
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("architecture", config.architecture->name);
  object.Set("name", config.name);
  object.Set("contextLength", double(config.context));
  object.Set("vocabSize", double(config.vocabulary));
  object.Set("layers", double(config.layers));
  object.Set("width", double(config.width));
  object.Set("ffnWidth", double(config.ffn_width));
  object.Set("heads", double(config.heads));
  return object;
}

Napi::Value GgufObject::tokenizer(const Napi::CallbackInfo& info) {
  opened(info);
  return run(
      info.This().As<Napi::Object>(), Control::of(info[1]),
      [open = open_, rows = info[0].As<Napi::Number>().Int64Value()] {
        return std::shared_ptr<const Tokenizer>(std::make_shared<Tokenizer>(open->gguf(), size_t(rows)));
      },
      [](Napi::Env env, const auto& tokenizer) { return TokenizerObject::wrap(env, tokenizer); });
}

// Checked by api/serving.ts.
static Drafting drafting_of(const std::string& name) {
  return name == "on" ? Drafting::on : name == "off" ? Drafting::off : Drafting::automatic;
}

Napi::Value GgufObject::load(const Napi::CallbackInfo& info) {
  const auto serving = info[3].As<Napi::Object>();
  const auto flag = [&](const char* name) { return serving.Get(name).As<Napi::Boolean>().Value(); };
  const auto number = [&](const char* name) { return serving.Get(name).As<Napi::Number>().DoubleValue(); };
  const LoadOptions options{info[0].As<Napi::String>(),
                            info[1].As<Napi::Number>().Uint32Value(),
                            {flag("background"), flag("pin")}};
  const ServingOptions how{size_t(number("cacheBytes")), number("stepMs"), size_t(number("maxQueued")), options.pool,
                           true, drafting_of(serving.Get("speculation").As<Napi::String>())};
  opened(info);
  const auto control = Control::of(info[2]);
  return run(
      info.This().As<Napi::Object>(), control,
      [open = open_, options, how, control] {
        const auto progress = [&](double share) {
          control->progress = share;
          if (control->cancelled) throw Error("aborted", "Loading was cancelled.");
        };
        const Hash fingerprint = model_fingerprint(open->gguf());  // first: packing lets go of the file
        const auto model = std::make_shared<Model>(open->gguf(), options, progress,
                                                   [&](std::string_view bytes) { open->release(bytes); });
        return std::make_shared<Scheduler>(model, fingerprint, how);
      },
      [](Napi::Env env, const std::shared_ptr<Scheduler>& scheduler) { return ModelObject::wrap(env, scheduler); });
}

}  // namespace aria
