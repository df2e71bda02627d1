#pragma once
// Conversions between JavaScript values and the engine's.
#include <napi.h>

#include <vector>

#include "../src/gguf/reader.h"
#include "../src/session/verify.h"

namespace aria {

std::vector<uint32_t> to_tokens(const Napi::Value& value);  // a Uint32Array
PackedBytes to_packed_bytes(const Napi::Value& value);       // {bytes, ends}
Sampling to_sampling(const Napi::Value& value);
Transcript to_transcript(const Napi::Value& value);
DigestKey to_digest_key(const Napi::Value& value);  // a Uint8Array of 32 bytes
uint64_t to_seed(const Napi::Value& value);  // a bigint

Napi::Value from_draws(Napi::Env env, const std::vector<Draw>& draws);  // their tokens, a Uint32Array
Napi::Value from_draw(Napi::Env env, const Draw& draw);
Napi::Value from_floats(Napi::Env env, const std::vector<float>& values);
Napi::Value from_verdicts(Napi::Env env, const std::vector<Verdict>& verdicts);

Napi::Value from_tensors(Napi::Env env, const Gguf& gguf);

}  // namespace aria
