#include "config.h"

#include "../base/error.h"
#include "../gguf/metadata.h"
#include "../kernels/kernels.h"
#include "rope.h"

namespace aria {
namespace {

constexpr Architecture bitnet_2b(const char* name) {
  return {.name = name,
          .rope = Rope::halves,
          .gate = Gate::relu_squared,
          .gate_from_metadata = false,
          .query_key_norm = false,
          .sub_norms = true,
          .always_tied = true,
          .matrix_scales = true,
          .rope_divisors = false};
}

constexpr Architecture kArchitectures[] = {
    {.name = "llama",
     .rope = Rope::adjacent,
     .gate = Gate::silu,
     .gate_from_metadata = false,
     .query_key_norm = false,
     .sub_norms = false,
     .always_tied = false,
     .matrix_scales = false,
     .rope_divisors = true},
    {.name = "qwen3",
     .rope = Rope::halves,
     .gate = Gate::silu,
     .gate_from_metadata = false,
     .query_key_norm = true,
     .sub_norms = false,
     .always_tied = false,
     .matrix_scales = false,
     .rope_divisors = false},
    {.name = "bitnet",
     .rope = Rope::halves,
     .gate = Gate::silu,
     .gate_from_metadata = true,
     .query_key_norm = false,
     .sub_norms = true,
     .always_tied = true,
     .matrix_scales = true,
     .rope_divisors = false},
    bitnet_2b("bitnet-b1.58"),  // as bitnet.cpp names Microsoft's BitNet b1.58 2B4T
    bitnet_2b("bitnet-25"),     // and named it before
};

// Sanity limits, far above real models: they bound what a hostile header can make the engine allocate.
constexpr uint64_t kLayersMax = 1024, kWidthMax = 1 << 16, kFfnMax = 1 << 20, kHeadsMax = 1024, kHeadWidthMax = 1024;
constexpr uint64_t kContextMax = 1 << 20;  // also keeps rotary angles inside sin_cos's range
constexpr uint64_t kVocabularyMax = 1 << 22;

[[noreturn]] void unsupported(const std::string& message) { throw Error("unsupported", message); }

const Architecture* find_architecture(const Gguf& gguf) {
  const auto name = find_string(gguf, "general.architecture");
  if (!name) throw Error("bad_gguf", "Key 'general.architecture' is missing; a string is expected.");
  std::string known;
  for (const Architecture& architecture : kArchitectures) {
    if (*name == architecture.name) return &architecture;
    known += (known.empty() ? "" : ", ") + std::string(architecture.name);
  }
  unsupported(describe_key(gguf, "general.architecture") + " is '" + *name + "', which is not supported; these are: " +
              known + ".");
}

void refuse_variants(const Gguf& gguf, const std::string& prefix) {
  if (find_integer(gguf, prefix + "expert_count").value_or(0) > 0)
    unsupported(describe_key(gguf, prefix + "expert_count") + " asks for a mixture of experts; none is supported.");
  if (!find_boolean(gguf, prefix + "attention.causal").value_or(true))
    unsupported(describe_key(gguf, prefix + "attention.causal") + " is false; only causal attention is supported.");
  for (const char* key : {"attention.sliding_window", "logit_scale", "embedding_scale", "residual_scale",
                          "attention.scale", "attn_logit_softcapping", "final_logit_softcapping"})
    if (gguf.value(prefix + key))
      unsupported(describe_key(gguf, prefix + key) + " asks for a computation that is not supported.");
}

// llama.cpp reads this key for `bitnet`, whose files without it mean SiLU.
Gate read_gate(const Gguf& gguf, const std::string& prefix, const Architecture& architecture) {
  const std::string key = prefix + "hidden_activation";
  const auto name = find_string(gguf, key);
  if (!name) return architecture.gate;
  const bool silu = *name == "silu", relu_squared = *name == "relu2";
  const Gate gate = relu_squared ? Gate::relu_squared : Gate::silu;
  if (!(silu || relu_squared) || (gate != architecture.gate && !architecture.gate_from_metadata))
    unsupported(describe_key(gguf, key) + " is '" + *name + "', which is not supported for this architecture.");
  return gate;
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

size_t read_vocabulary(const Gguf& gguf) {
  const Tensor* embedding = gguf.find("token_embd.weight");
  if (!embedding) throw Error("bad_gguf", "Tensor 'token_embd.weight' is missing; one row for each token is expected.");
  if (embedding->rows > kVocabularyMax)
    throw Error("bad_gguf", "Tensor 'token_embd.weight' at offset " + std::to_string(embedding->offset) + " has " +
                                std::to_string(embedding->rows) + " rows; at most " + std::to_string(kVocabularyMax) +
                                " are expected.");
  return embedding->rows;
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
  config.context = need_integer(gguf, prefix + "context_length", 1, kContextMax);
  config.gate = read_gate(gguf, prefix, *config.architecture);
  config.rotary = read_rope(gguf, prefix, config.head_width, config.context);

  const std::string epsilon_key = prefix + "attention.layer_norm_rms_epsilon";
  const auto epsilon = find_number(gguf, epsilon_key);
  if (!epsilon || !(*epsilon > 0 && *epsilon < 1))
    throw Error("bad_gguf", describe_key(gguf, epsilon_key) + " is " + (epsilon ? std::to_string(*epsilon) : "missing") +
                                "; a number between 0 and 1 is expected.");
  config.norm_epsilon = float(*epsilon);
  config.vocabulary = read_vocabulary(gguf);
  return config;
}

}  // namespace aria
