#include "trace.h"

#include <algorithm>
#include <cstring>

namespace aria {
namespace {

void extend(Hash& hash, const float* values, size_t count, std::vector<uint8_t>& scratch) {
  scratch.resize(hash.size() + count * sizeof(float));
  std::memcpy(scratch.data(), hash.data(), hash.size());
  std::memcpy(scratch.data() + hash.size(), values, count * sizeof(float));
  hash = keccak256(scratch.data(), scratch.size());
}

// Observes the layers for as long as it lives.
struct Observed {
  Forward& forward;
  Observed(Forward& forward, std::function<void(size_t)> observer) : forward(forward) {
    forward.after_layer = std::move(observer);
  }
  ~Observed() { forward.after_layer = nullptr; }
};

void check(const Model& model, std::span<const uint32_t> tokens, size_t chunk) {
  if (chunk == 0 || chunk > kStepRows)
    throw Error("bad_options", "A trace was asked for in chunks of " + std::to_string(chunk) + " tokens; 1 to " +
                                   std::to_string(kStepRows) + " are possible.");
  if (tokens.size() > model.config.context)
    throw Error("context_full", "The trace has " + std::to_string(tokens.size()) + " tokens; the context holds " +
                                    std::to_string(model.config.context) + ".");
  for (uint32_t token : tokens)
    if (token >= model.config.vocabulary)
      throw Error("bad_token", "Token " + std::to_string(token) + " is outside the vocabulary of " +
                                   std::to_string(model.config.vocabulary) + ".");
}

}  // namespace

Trace trace(Model& model, std::span<const uint32_t> tokens, size_t chunk) {
  check(model, tokens, chunk);
  Trace result{std::vector<Hash>(model.config.layers), {}};
  std::vector<uint8_t> scratch;
  std::vector<Row> rows;
  const Observed observed(model.forward, [&](size_t layer) {
    for (size_t r = 0; r < rows.size(); r++)
      extend(result.layers[layer], model.forward.hidden(r), model.config.width, scratch);
  });
  const PageShape shape{model.config.layers, model.config.kv_heads, model.config.head_width};
  std::vector<std::unique_ptr<Page>> pages;
  Cache cache(shape);
  for (; cache.room() < tokens.size(); cache.pages.push_back(pages.back().get()))
    pages.push_back(std::make_unique<Page>(shape));
  model.forward.reserve(tokens.size());
  for (size_t begin = 0; begin < tokens.size(); begin += rows.size()) {
    rows.clear();
    for (size_t at = begin; at < std::min(begin + chunk, tokens.size()); at++)
      rows.push_back({tokens[at], uint32_t(at), &cache});
    model.forward.step(rows);
    for (size_t r = 0; r < rows.size(); r++)
      extend(result.logits, model.forward.logits({&r, 1}), model.config.vocabulary, scratch);
  }
  return result;
}

std::string trace_json(const Model& model, const Trace& trace) {
  std::string json = "{\"kernels\":\"" + std::string(model.context.kernels.name) + "\",\"layers\":[";
  for (size_t i = 0; i < trace.layers.size(); i++) json += (i ? ",\"" : "\"") + hex(trace.layers[i]) + "\"";
  return json + "],\"logits\":\"" + hex(trace.logits) + "\"}";
}

}  // namespace aria
