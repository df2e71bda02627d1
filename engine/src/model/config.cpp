#include "config.h"

#include "../base/error.h"
#include "../gguf/metadata.h"
#include "../kernels/kernels.h"

namespace aria {
namespace {

constexpr Architecture kArchitectures[] = {
    {"llama", Rope::adjacent, false},
    {"qwen3", Rope::halves, true},
};

// Sanity limits, far above real models: they bound what a hostile header can make the engine allocate.
constexpr uint64_t kLayersMax = 1024, kWidthMax = 1 << 16, kFfnMax = 1 << 20, kHeadsMax = 1024, kHeadWidthMax = 1024;
constexpr uint64_t kContextMax = 1 << 20;  // also keeps rotary angles inside sin_cos's range
constexpr uint64_t kVocabularyMax = 1 << 22;

[[noreturn]] void unsupported(const std::string& message) { throw Error("unsupported", message); }

const Architecture* find_architecture(const Gguf& gguf) {
  const auto name = find_string(gguf, "general.architecture");
  if (!name) throw Error("bad_gguf", "Key 'general.architecture' is missing.");
  for (const Architecture& architecture : kArchitectures)
    if (*name == architecture.name) return &architecture;
  unsupported("Architecture '" + *name + "' is not supported; llama and qwen3 are.");
}

void refuse_variants(const Gguf& gguf, const std::string& prefix) {
  const auto scaling = find_string(gguf, prefix + "rope.scaling.type");
  if (scaling && *scaling != "none") unsupported("RoPE scaling '" + *scaling + "' is not supported yet.");
  if (find_integer(gguf, prefix + "expert_count").value_or(0) > 0)
    unsupported("Mixture-of-experts models are not supported.");
  for (const char* key :
       {"attention.sliding_window", "logit_scale", "embedding_scale", "residual_scale", "attention.scale"})
    if (gguf.value(prefix + key))
      unsupported("Key '" + prefix + key + "' asks for a computation that is not supported.");
}

size_t read_head_width(const Gguf& gguf, const std::string& prefix, const ModelConfig& config) {
  if (!gguf.value(prefix + "attention.key_length") && config.width % config.heads != 0)
    throw Error("bad_gguf", "Width " + std::to_string(config.width) + " is not a multiple of " +
                                std::to_string(config.heads) + " heads.");
  const uint64_t width = gguf.value(prefix + "attention.key_length")
                             ? need_integer(gguf, prefix + "attention.key_length", 1, kHeadWidthMax)
                             : config.width / config.heads;
  const uint64_t value_width = find_integer(gguf, prefix + "attention.value_length").value_or(width);
  if (value_width != width)
    unsupported("Heads with keys of " + std::to_string(width) + " and values of " + std::to_string(value_width) +
                " elements are not supported.");
  if (width % kLanes != 0 || width > kHeadWidthMax)
    unsupported("A head width of " + std::to_string(width) + " is not supported; multiples of 16 up to 1024 are.");
  return width;
}

}  // namespace

ModelConfig read_config(const Gguf& gguf) {
  ModelConfig config;
  config.architecture = find_architecture(gguf);
  const std::string prefix = std::string(config.architecture->name) + ".";
  refuse_variants(gguf, prefix);
  config.name = find_string(gguf, "general.name").value_or("");
  config.layers = need_integer(gguf, prefix + "block_count", 1, kLayersMax);
  config.width = need_integer(gguf, prefix + "embedding_length", 1, kWidthMax);
  config.ffn_width = need_integer(gguf, prefix + "feed_forward_length", 1, kFfnMax);
  config.heads = need_integer(gguf, prefix + "attention.head_count", 1, kHeadsMax);
  config.kv_heads = gguf.value(prefix + "attention.head_count_kv")
                        ? need_integer(gguf, prefix + "attention.head_count_kv", 1, config.heads)
                        : config.heads;
  if (config.heads % config.kv_heads != 0)
    throw Error("bad_gguf", std::to_string(config.heads) + " heads cannot share " + std::to_string(config.kv_heads) +
                                " key heads.");
  config.head_width = read_head_width(gguf, prefix, config);
  config.rotated = gguf.value(prefix + "rope.dimension_count")
                       ? need_integer(gguf, prefix + "rope.dimension_count", 2, config.head_width)
                       : config.head_width;
  if (config.rotated % 2 != 0) throw Error("bad_gguf", "Key '" + prefix + "rope.dimension_count' is odd.");
  config.context = need_integer(gguf, prefix + "context_length", 1, kContextMax);

  const auto epsilon = find_number(gguf, prefix + "attention.layer_norm_rms_epsilon");
  if (!epsilon || !(*epsilon > 0 && *epsilon < 1))
    throw Error("bad_gguf", "Key '" + prefix + "attention.layer_norm_rms_epsilon' is missing or not between 0 and 1.");
  config.norm_epsilon = float(*epsilon);
  config.rope_base = find_number(gguf, prefix + "rope.freq_base").value_or(10000.0);
  if (!(config.rope_base >= 1 && config.rope_base <= 1e12))
    throw Error("bad_gguf", "Key '" + prefix + "rope.freq_base' is not between 1 and 1e12.");

  const Tensor* embedding = gguf.find("token_embd.weight");
  if (!embedding) throw Error("bad_gguf", "Tensor 'token_embd.weight' is missing.");
  if (embedding->rows > kVocabularyMax) throw Error("bad_gguf", "The vocabulary has more than 4194304 tokens.");
  config.vocabulary = embedding->rows;
  return config;
}

}  // namespace aria
