#include "weights.h"

#include <cstring>

namespace aria {
namespace {

class Loader {
 public:
  Loader(const Context& context, const Gguf& gguf, const Progress& progress)
      : context_(context), gguf_(gguf), progress_(progress) {}

  Linear linear(const std::string& name, uint64_t columns, uint64_t rows) {
    return pack_linear(context_, need(name, columns, rows));
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
    if (used_ != gguf_.tensors.size())
      for (const Tensor& tensor : gguf_.tensors)
        if (!names_.contains(tensor.name))
          throw Error("unsupported", "Tensor '" + tensor.name + "' is not part of this architecture as the engine computes it.");
  }

 private:
  const Tensor& need(const std::string& name, uint64_t columns, uint64_t rows) {
    const Tensor* tensor = gguf_.find(name);
    if (!tensor) throw Error("bad_gguf", "Tensor '" + name + "' is missing.");
    if (tensor->shape[0] != columns || tensor->rows != rows)
      throw Error("bad_gguf", "Tensor '" + name + "' at offset " + std::to_string(tensor->offset) + " has rows of " +
                                  std::to_string(tensor->shape[0]) + " and " + std::to_string(tensor->rows) + " rows; " +
                                  std::to_string(columns) + " and " + std::to_string(rows) + " are expected.");
    used_++;
    names_[name] = true;
    progress_(double(used_) / double(gguf_.tensors.size() + 1));
    return *tensor;
  }

  const Context& context_;
  const Gguf& gguf_;
  const Progress& progress_;
  size_t used_ = 0;
  std::map<std::string, bool> names_;
};

Layer load_layer(Loader& loader, const ModelConfig& config, size_t index) {
  const std::string prefix = "blk." + std::to_string(index) + ".";
  const uint64_t queries = config.heads * config.head_width, keys = config.kv_heads * config.head_width;
  Layer layer;
  layer.attention_norm = loader.vector(prefix + "attn_norm.weight", config.width);
  layer.query = loader.linear(prefix + "attn_q.weight", config.width, queries);
  layer.key = loader.linear(prefix + "attn_k.weight", config.width, keys);
  layer.value = loader.linear(prefix + "attn_v.weight", config.width, keys);
  layer.attention_output = loader.linear(prefix + "attn_output.weight", queries, config.width);
  if (config.architecture->query_key_norm) {
    layer.query_norm = loader.vector(prefix + "attn_q_norm.weight", config.head_width);
    layer.key_norm = loader.vector(prefix + "attn_k_norm.weight", config.head_width);
  }
  layer.ffn_norm = loader.vector(prefix + "ffn_norm.weight", config.width);
  layer.gate = loader.linear(prefix + "ffn_gate.weight", config.width, config.ffn_width);
  layer.up = loader.linear(prefix + "ffn_up.weight", config.width, config.ffn_width);
  layer.down = loader.linear(prefix + "ffn_down.weight", config.ffn_width, config.width);
  return layer;
}

}  // namespace

Weights load_weights(const Context& context, const Gguf& gguf, const ModelConfig& config, const Progress& progress) {
  Loader loader(context, gguf, progress);
  Weights weights;
  weights.embedding = loader.linear("token_embd.weight", config.width, config.vocabulary);
  for (size_t i = 0; i < config.layers; i++) weights.layers.push_back(load_layer(loader, config, i));
  weights.output_norm = loader.vector("output_norm.weight", config.width);
  if (gguf.find("output.weight")) weights.output = loader.linear("output.weight", config.width, config.vocabulary);
  loader.check_all_used();
  return weights;
}

}  // namespace aria
