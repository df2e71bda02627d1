#include "weights.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace aria {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kSlabBytes = 4 << 20;  // packed between two reports of progress, each of which may stop the load
constexpr double kRopeDivisorMax = 1 << 20;

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
      throw Error("unsupported", "Tensor '" + name + "' at offset " + std::to_string(tensor.offset) + " has type " +
                                     tensor.type->name + "; F32 is expected.");
    Vector vector(round_up(count, kGroup) * sizeof(float));
    std::memcpy(vector.as<float>(), tensor.bytes.data(), count * sizeof(float));
    for (uint64_t i = 0; i < count; i++)
      if (!(vector.as<float>()[i] - vector.as<float>()[i] == 0.0f))
        throw Error("bad_gguf", "Tensor '" + name + "' at offset " + std::to_string(tensor.offset + i * 4) +
                                    " holds an infinite or NaN weight; finite numbers are expected.");
    return vector;
  }

  // `name` without its ending: the matrix is `name.weight`, its factor `name.scale`.
  void matrix(Matrix& matrix, const std::string& name, uint64_t columns, uint64_t rows, bool scaled) {
    linear(matrix.weights, name + ".weight", columns, rows);
    const std::string scale = name + ".scale";
    if (!scaled || !gguf_.find(scale)) return;
    matrix.factor = vector(scale, 1).as<float>()[0];
    if (matrix.factor == 0)
      throw Error("bad_gguf", "Tensor '" + scale + "' at offset " + std::to_string(gguf_.find(scale)->offset) +
                                  " is 0; a factor other than 0 is expected.");
  }

  // What divides each rotated pair's frequency. Below 1, angles could leave sin_cos's range.
  std::vector<double> rope_divisors(const std::string& name, uint64_t pairs) {
    if (!gguf_.find(name)) return {};
    const Vector divisors = vector(name, pairs);
    for (uint64_t i = 0; i < pairs; i++)
      if (const double divisor = divisors.as<float>()[i]; divisor < 1 || divisor > kRopeDivisorMax)
        throw Error("bad_gguf", "Tensor '" + name + "' at offset " +
                                    std::to_string(gguf_.find(name)->offset + i * sizeof(float)) + " holds " +
                                    std::to_string(divisor) + "; 1 to 1048576 is expected.");
    return {divisors.as<float>(), divisors.as<float>() + pairs};
  }

  // A tensor that no table asked for would be left out of the computation silently: refuse it.
  void check_all_used() const {
    for (const Tensor& tensor : gguf_.tensors)
      if (!used_.contains(tensor.name))
        throw Error("unsupported",
                    "Tensor '" + tensor.name + "' at offset " + std::to_string(tensor.offset) +
                        " is not part of this architecture as the engine computes it.");
  }

  Buffer pack(const Context& context, const Progress& progress, const Release& release) {
    size_t total = 0;
    for (const Plan& plan : planned_) total += round_up(plan.linear->bytes(), kCacheLine);
    Buffer memory(total);
    size_t begin = 0, packed = 0;
    for (const Plan& plan : planned_) {
      const Linear& linear = *plan.linear;
      plan.linear->packed = memory.as<uint8_t>() + begin;
      begin += round_up(linear.bytes(), kCacheLine);
      const size_t step = std::max(kSlabBytes / linear.stripe_bytes, size_t{1});
      bool some_scale = false;
      for (size_t stripe = 0; stripe < linear.stripes; stripe += step) {
        const size_t end = std::min(stripe + step, linear.stripes);
        some_scale |= pack_linear(context, *plan.tensor, linear, stripe, end);
        release(rows_of(*plan.tensor, stripe * kLanes, end * kLanes));
        packed += (end - stripe) * linear.stripe_bytes;
        progress(double(packed) / double(total));
      }
      check_scaled(*plan.tensor, some_scale);
    }
    return memory;
  }

 private:
  const Tensor& need(const std::string& name, uint64_t columns, uint64_t rows) {
    const Tensor* tensor = gguf_.find(name);
    if (!tensor)
      throw Error("bad_gguf", "Tensor '" + name + "' is missing; rows of " + std::to_string(columns) + " and " +
                                  std::to_string(rows) + " rows are expected.");
    if (tensor->shape[0] != columns || tensor->rows != rows)
      throw Error("bad_gguf", "Tensor '" + name + "' at offset " + std::to_string(tensor->offset) + " has rows of " +
                                  std::to_string(tensor->shape[0]) + " and " + std::to_string(tensor->rows) +
                                  " rows; " + std::to_string(columns) + " and " + std::to_string(rows) +
                                  " are expected.");
    used_.insert(name);
    return *tensor;
  }

  static std::string_view rows_of(const Tensor& tensor, size_t begin, size_t end) {
    return tensor.bytes.substr(begin * tensor.row_bytes, (end - begin) * tensor.row_bytes);
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
  const Architecture& architecture = *config.architecture;
  const std::string prefix = "blk." + std::to_string(index) + ".";
  const uint64_t queries = config.heads * config.head_width, keys = config.kv_heads * config.head_width;
  const auto vector = [&](const char* name, uint64_t count) { return loader.vector(prefix + name + ".weight", count); };
  const auto matrix = [&](Matrix& found, const char* name, uint64_t columns, uint64_t rows) {
    loader.matrix(found, prefix + name, columns, rows, architecture.matrix_scales);
  };
  layer.attention_norm = vector("attn_norm", config.width);
  matrix(layer.query, "attn_q", config.width, queries);
  matrix(layer.key, "attn_k", config.width, keys);
  matrix(layer.value, "attn_v", config.width, keys);
  matrix(layer.attention_output, "attn_output", queries, config.width);
  if (architecture.query_key_norm) {
    layer.query_norm = vector("attn_q_norm", config.head_width);
    layer.key_norm = vector("attn_k_norm", config.head_width);
  }
  if (architecture.sub_norms) {
    layer.attention_sub_norm = vector("attn_sub_norm", queries);
    layer.ffn_sub_norm = vector("ffn_sub_norm", config.ffn_width);
  }
  layer.ffn_norm = vector("ffn_norm", config.width);
  matrix(layer.gate, "ffn_gate", config.width, config.ffn_width);
  matrix(layer.up, "ffn_up", config.width, config.ffn_width);
  matrix(layer.down, "ffn_down", config.ffn_width, config.width);
}

}  // namespace

Weights load_weights(const Context& context, const Gguf& gguf, const ModelConfig& config, const Progress& progress,
                     const Release& release) {
  Loader loader(gguf);
  Weights weights;
  loader.linear(weights.embedding, "token_embd.weight", config.width, config.vocabulary);
  weights.layers.resize(config.layers);
  for (size_t i = 0; i < config.layers; i++) find_layer(loader, config, i, weights.layers[i]);
  weights.output_norm = loader.vector("output_norm.weight", config.width);
  if (config.architecture->rope_divisors)
    weights.rope_divisors = loader.rope_divisors("rope_freqs.weight", config.rotary.rotated / 2);
  if (!config.architecture->always_tied && gguf.find("output.weight"))
    loader.linear(weights.output, "output.weight", config.width, config.vocabulary);
  loader.check_all_used();
  weights.memory = loader.pack(context, progress, release);
  return weights;
}

}  // namespace aria
