#pragma once
// The three objects that index.ts works with: an open GGUF file, a loaded model, a session.
#include <napi.h>

#include <memory>

#include "../src/gguf/file.h"
#include "../src/session/session.h"
#include "freeing.h"
#include "mailbox.h"

namespace aria {

// What one environment holds: the constructors of the wrapped classes, the way back to its event loop, and the thread
// that frees what is large.
struct Classes {
  Napi::FunctionReference gguf, model, session, tokenizer;
  Mailbox mailbox;
  Freeing freeing;
};

class GgufObject : public Napi::ObjectWrap<GgufObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit GgufObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  static Napi::Value open(const Napi::CallbackInfo& info);  // (path, control) -> Promise<GgufObject>

 private:
  Napi::Value tensors(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value paths(const Napi::CallbackInfo& info);
  Napi::Value header(const Napi::CallbackInfo& info);  // as whole_header()
  Napi::Value config(const Napi::CallbackInfo& info);  // throws for what the engine cannot compute
  Napi::Value tokenizer(const Napi::CallbackInfo& info);  // (rows, control) -> Promise<TokenizerObject>
  Napi::Value load(const Napi::CallbackInfo& info);    // (kernels, threads, control, serving) -> Promise<ModelObject>

  void close(const Napi::CallbackInfo& info);  // unmaps the file once no load uses it
  const ModelFile& opened(const Napi::CallbackInfo& info) const;

  std::shared_ptr<ModelFile> open_;
};

class ModelObject : public Napi::ObjectWrap<ModelObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ModelObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  ~ModelObject() override;
  static Napi::Value wrap(Napi::Env env, std::shared_ptr<Scheduler> scheduler);

 private:
  Napi::Value kernels(const Napi::CallbackInfo& info);
  Napi::Value threads(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  // ({bytes, ends}, stopTokens): the tokens' byte strings; called once, before sessions and verify.
  void set_vocabulary(const Napi::CallbackInfo& info);
  Napi::Value create_session(const Napi::CallbackInfo& info);  // (maxTokens, stopTokens, shareKey, reserve)
  // (pieces, maxTokens or 0, stopTokens, shareKey, reserve) -> Promise<SessionObject>
  Napi::Value restore_session(const Napi::CallbackInfo& info);
  Napi::Value session_bytes_max(const Napi::CallbackInfo& info);
  // (transcripts, stopTokens, key or undefined, control) -> Promise<Verdict[]>
  Napi::Value verify(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);           // -> Promise, once the memory is free
  Scheduler& opened(const Napi::CallbackInfo& info) const;
  static void stop_at_exit(void* scheduler);

  // Always stopped before it is let go, and freed on another thread than the event loop's: unmapping takes a while.
  std::shared_ptr<Scheduler> scheduler_;
};

// One call at a time, which index.ts sees to and `start` enforces.
class SessionObject : public Napi::ObjectWrap<SessionObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SessionObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  static Napi::Value wrap(Napi::Object model, std::shared_ptr<Session> session);

 private:
  Napi::Value prefill(const Napi::CallbackInfo& info);  // (tokens, control)
  // (grammar, control) -> Promise, once a decode with this grammar can start without compiling it
  Napi::Value prepare_grammar(const Napi::CallbackInfo& info);
  Napi::Value decode(const Napi::CallbackInfo& info);   // (count, sampling, seed, answerStart, control)
  Napi::Value decode_draws(const Napi::CallbackInfo& info);  // the same, with log-probabilities
  template <class Convert>
  Napi::Value start_decode(const Napi::CallbackInfo& info, Convert convert);
  Napi::Value logits(const Napi::CallbackInfo& info);   // (control)
  Napi::Value save(const Napi::CallbackInfo& info);     // (control) -> Promise<Uint8Array>
  Napi::Value length(const Napi::CallbackInfo& info);
  Napi::Value tokens_max(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  std::shared_ptr<void> begin(Napi::Env env);
  template <class Value, class Start, class Convert>
  Napi::Value start(const Napi::CallbackInfo& info, Start start, Convert convert);

  Napi::ObjectReference model_;  // outlives its sessions
  std::shared_ptr<Session> session_;
  bool busy_ = false;
};

Napi::Value multiply(const Napi::CallbackInfo& info);

}  // namespace aria
