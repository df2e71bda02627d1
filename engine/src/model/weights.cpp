#include "weights.h"

#include <cstring>
#include <set>

namespace aria {
namespace {

constexpr size_t kCacheLine = 64;

// Finds and checks every tensor first, and packs when all are known to be good.
class Loader {
 public:
  explicit Loader(const Gguf& gguf) : gguf_(gguf) {}

  void linear(Linear& linear, const std::string& name, uint64_t columns, uint64_t rows) {
    const Tensor& tensor = need(name, columns, rows);
    linear = plan_linear(tensor);
    planned_.push_back({&tensor, &linear});
  }

  Vector vector(const std::string& name, uint64_t count) {
    const Tensor& tensor = need(name, count, 1);
    if (TensorType{tensor.type->id} != TensorType::f32)
      throw Error("unsupported", "Tensor '" + name + "' has type " + tensor.type->name + "; F32 is expected.");
    Vector vector(round_up(count, kGroup) * sizeof(float));
    std::memcpy(vector.as<float>(), tensor.bytes.data(), count * sizeof(float));
    for (uint64_t i = 0; i < count; i++)
      if (!(vector.as<float>()[i] - vector.as<float>()[i] == 0.0f))
        throw Error("bad_gguf", "Tensor '" + name + "' at offset " + std::to_string(tensor.offset + i * 4) +
                                    " holds an infinite or NaN weight.");
    return vector;
  }

  // A tensor that no table asked for would be left out of the computation silently: refuse it.
  void check_all_used() const {
    for (const Tensor& tensor : gguf_.tensors)
      if (!used_.contains(tensor.name))
        throw Error("unsupported",
                    "Tensor '" + tensor.name + "' is not part of this architecture as the engine computes it.");
  }

  Buffer pack(const Context& context, const Progress& progress) {
    size_t total = 0, done = 0;
    for (const Plan& plan : planned_) total += round_up(plan.linear->bytes(), kCacheLine);
    Buffer memory(total);
    for (const Plan& plan : planned_) {
      plan.linear->packed = memory.as<uint8_t>() + done;
      pack_linear(context, *plan.tensor, *plan.linear);
      done += round_up(plan.linear->bytes(), kCacheLine);
      progress(double(done) / double(total));
    }
    return memory;
  }

 private:
  const Tensor& need(const std::string& name, uint64_t columns, uint64_t rows) {
    const Tensor* tensor = gguf_.find(name);
    if (!tensor) throw Error("bad_gguf", "Tensor '" + name + "' is missing.");
    if (tensor->shape[0] != columns || tensor->rows != rows)
      throw Error("bad_gguf", "Tensor '" + name + "' at offset " + std::to_string(tensor->offset) + " has rows of " +
                                  std::to_string(tensor->shape[0]) + " and " + std::to_string(tensor->rows) +
                                  " rows; " + std::to_string(columns) + " and " + std::to_string(rows) +
                                  " are expected.");
    used_.insert(name);
    return *tensor;
  }

  struct Plan {
    const Tensor* tensor;
    Linear* linear;
  };
  const Gguf& gguf_;
  std::set<std::string> used_;
  std::vector<Plan> planned_;
};

void find_layer(Loader& loader, const ModelConfig& config, size_t index, Layer& layer) {
  const std::string prefix = "blk." + std::to_string(index) + ".";
  const uint64_t queries = config.heads * config.head_width, keys = config.kv_heads * config.head_width;
  layer.attention_norm = loader.vector(prefix + "attn_norm.weight", config.width);
  loader.linear(layer.query, prefix + "attn_q.weight", config.width, queries);
  loader.linear(layer.key, prefix + "attn_k.weight", config.width, keys);
  loader.linear(layer.value, prefix + "attn_v.weight", config.width, keys);
  loader.linear(layer.attention_output, prefix + "attn_output.weight", queries, config.width);
  if (config.architecture->query_key_norm) {
    layer.query_norm = loader.vector(prefix + "attn_q_norm.weight", config.head_width);
    layer.key_norm = loader.vector(prefix + "attn_k_norm.weight", config.head_width);
  }
  layer.ffn_norm = loader.vector(prefix + "ffn_norm.weight", config.width);
  loader.linear(layer.gate, prefix + "ffn_gate.weight", config.width, config.ffn_width);
  loader.linear(layer.up, prefix + "ffn_up.weight", config.width, config.ffn_width);
  loader.linear(layer.down, prefix + "ffn_down.weight", config.ffn_width, config.width);
}

}  // namespace

Weights load_weights(const Context& context, const Gguf& gguf, const ModelConfig& config, const Progress& progress) {
  Loader loader(gguf);
  Weights weights;
  loader.linear(weights.embedding, "token_embd.weight", config.width, config.vocabulary);
  weights.layers.resize(config.layers);
  for (size_t i = 0; i < config.layers; i++) find_layer(loader, config, i, weights.layers[i]);
  weights.output_norm = loader.vector("output_norm.weight", config.width);
  if (gguf.find("output.weight")) loader.linear(weights.output, "output.weight", config.width, config.vocabulary);
  loader.check_all_used();
  weights.memory = loader.pack(context, progress);
  return weights;
}

}  // namespace aria
