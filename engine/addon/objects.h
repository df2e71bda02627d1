#pragma once
// The three objects that index.ts works with: an open GGUF file, a loaded model, a session.
#include <napi.h>

#include <memory>

#include "../src/gguf/file.h"
#include "../src/session/session.h"

namespace aria {

// Constructors of the wrapped classes, one set per environment.
struct Classes {
  Napi::FunctionReference gguf, model, session;
};

class GgufObject : public Napi::ObjectWrap<GgufObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit GgufObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  static Napi::Value open(const Napi::CallbackInfo& info);  // (path, control) -> Promise<GgufObject>

 private:
  Napi::Value metadata(const Napi::CallbackInfo& info);
  Napi::Value tensors(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value paths(const Napi::CallbackInfo& info);
  Napi::Value header(const Napi::CallbackInfo& info);  // as whole_header()
  Napi::Value config(const Napi::CallbackInfo& info);  // throws for what the engine cannot compute
  Napi::Value load(const Napi::CallbackInfo& info);    // (kernels, threads, control) -> Promise<ModelObject>

  void close(const Napi::CallbackInfo& info);  // unmaps the file once no load uses it
  const ModelFile& opened(const Napi::CallbackInfo& info) const;

  std::shared_ptr<ModelFile> open_;
};

class ModelObject : public Napi::ObjectWrap<ModelObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ModelObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  static Napi::Value wrap(Napi::Env env, std::shared_ptr<Model> model);

 private:
  Napi::Value kernels(const Napi::CallbackInfo& info);
  Napi::Value threads(const Napi::CallbackInfo& info);
  Napi::Value create_session(const Napi::CallbackInfo& info);  // (maxTokens, stopTokens) -> SessionObject
  Napi::Value verify(const Napi::CallbackInfo& info);          // (transcript, stopTokens, control) -> Promise<Verdict>
  void close(const Napi::CallbackInfo& info);

  std::shared_ptr<Model> model_;
};

// One job at a time, which index.ts sees to and `start` enforces.
class SessionObject : public Napi::ObjectWrap<SessionObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SessionObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  static Napi::Value wrap(Napi::Env env, std::shared_ptr<Session> session);

 private:
  Napi::Value prefill(const Napi::CallbackInfo& info);  // (tokens, control)
  Napi::Value decode(const Napi::CallbackInfo& info);   // (count, sampling, seed, control)
  Napi::Value logits(const Napi::CallbackInfo& info);   // (control)
  void close(const Napi::CallbackInfo& info);
  template <class Work, class Convert>
  Napi::Value start(const Napi::CallbackInfo& info, const Napi::Value& control, Work work, Convert convert);

  std::shared_ptr<Session> session_;
  bool busy_ = false;
};

Napi::Value multiply(const Napi::CallbackInfo& info);

}  // namespace aria
