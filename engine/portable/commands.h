#pragma once
// The engine behind a line of text, for places without Node: the test driver of other CPUs and the WebAssembly module.
//
// A request is a command and its fields (request.h): `verify prompt=1,2 output=3 temperature=800 seed=7`. The answer is
// one JSON object: the command's result, or {"error": {"code": one of EngineErrorCode, "message": text}}.
//
//   known     kernels, seed (default 0)   {"kernels": name, "answers": {kernel: hash}}
//   info                                  {"architecture", "name", "kernels", "layers", "width", "vocabulary", "context",
//                                          "stops": [token ...]}
//   trace     tokens, chunk (default 64)  {"kernels", "layers": [hash ...], "logits": hash}; see src/session/trace.h
//   verify    prompt, output, sampling    {"match": true} or {"match": false, "position", "expected", "actual",
//                                          "expectedLogit", "actualLogit"}
//
// Sampling: the fields of Fields::sampling and `seed`. All but `known` need a model.
#include <memory>
#include <string>
#include <string_view>

#include "../src/session/scheduler.h"

namespace aria {

struct OpenModel {
  std::shared_ptr<Scheduler> scheduler;  // without a thread: everything runs on the caller's
  std::vector<uint32_t> stop_tokens;
};

// Packs the weights of a whole GGUF file; `file` is not needed afterwards.
OpenModel open_model(std::string_view file, const std::string& kernels, size_t threads);

// Never throws. `open` is null when no model is open.
std::string answer(const OpenModel* open, std::string_view request);

// Text as a JSON string, quoted; bytes that are not ASCII are replaced by '?'.
std::string json_string(std::string_view text);

// The JSON for the error that is being handled: to be called in a catch block.
std::string json_error();

}  // namespace aria
