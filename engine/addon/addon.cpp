// Entry point of the addon: only index.ts of this package loads it.
#include <ctime>

#include "../src/base/keccak.h"
#include "../src/base/version.h"
#include "../src/kernels/select.h"
#include "../src/session/sampling.h"
#include "control.h"
#include "grammar_functions.h"
#include "job.h"
#include "objects.h"
#include "tokenizer_object.h"
#include "values.h"

namespace aria {
namespace {

Napi::Value keccak(const Napi::CallbackInfo& info) {
  const auto data = info[0].As<Napi::Uint8Array>();
  const Hash hash = keccak256(data.Data(), data.ElementLength());
  auto out = Napi::Uint8Array::New(info.Env(), hash.size());
  std::copy(hash.begin(), hash.end(), out.Data());
  return out;
}

// (logits, sampling, sequence, answerStart, seed): the draw alone, for tests of the specification.
Napi::Value draw(const Napi::CallbackInfo& info) {
  const auto logits = info[0].As<Napi::Float32Array>();
  const Sampling sampling = to_sampling(info[1]);
  Scratch scratch;
  try {
    check_sampling(sampling, logits.ElementLength());
    return from_draw(info.Env(),
                     sample(logits.Data(), logits.ElementLength(), sampling, to_tokens(info[2]),
                            info[3].As<Napi::Number>().Uint32Value(), to_seed(info[4]), scratch));
  } catch (const Error& error) {
    throw error_of(info.Env(), error.code, error.what());
  }
}

// (kernels, seed): the hash of each kernel's answers by its name, for tests that compare tables.
Napi::Value known_answers_of(const Napi::CallbackInfo& info) {
  try {
    Napi::Object hashes = Napi::Object::New(info.Env());
    const Kernels& kernels = find_kernels(info[0].As<Napi::String>());
    for (const KnownAnswer& answer : known_answers(kernels, info[1].As<Napi::Number>().Uint32Value()))
      hashes.Set(answer.kernel, answer.hash);
    return hashes;
  } catch (const Error& error) {
    throw error_of(info.Env(), error.code, error.what());
  }
}

// Processor time of the calling thread, in ms: to the nanosecond, where getrusage may lag by a tick of the scheduler (4 ms).
Napi::Value thread_processor_ms(const Napi::CallbackInfo& info) {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return Napi::Number::New(info.Env(), double(time.tv_sec) * 1e3 + double(time.tv_nsec) * 1e-6);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* classes = new Classes{Napi::Persistent(GgufObject::define(env)), Napi::Persistent(ModelObject::define(env)),
                              Napi::Persistent(SessionObject::define(env)),
                              Napi::Persistent(TokenizerObject::define(env)), Mailbox(env), {}};
  env.SetInstanceData(classes);
  exports.Set("Control", Control::define(env));
  exports.Set("openGguf", Napi::Function::New(env, GgufObject::open));
  exports.Set("engineMajor", Napi::Number::New(env, kEngineMajor));
  exports.Set("keccak256", Napi::Function::New(env, keccak));
  exports.Set("draw", Napi::Function::New(env, draw));
  exports.Set("knownAnswers", Napi::Function::New(env, known_answers_of));
  exports.Set("threadProcessorMs", Napi::Function::New(env, thread_processor_ms));
  exports.Set("multiply", Napi::Function::New(env, multiply));
  define_grammar_functions(env, exports);
  return exports;
}

}  // namespace
}  // namespace aria

static Napi::Object initialize_addon(Napi::Env env, Napi::Object exports) { return aria::initialize(env, exports); }
NODE_API_MODULE(aria_engine, initialize_addon)
