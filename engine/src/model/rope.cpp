#include "rope.h"

#include "../base/error.h"
#include "../gguf/metadata.h"

namespace aria {
namespace {

constexpr double kBaseMax = 1e12, kFactorMax = 1 << 16, kMagnitudeMax = 1 << 10;
constexpr uint64_t kOriginalContextMax = 1 << 20;

double read_between(const Gguf& gguf, const std::string& key, double otherwise, double least, double most) {
  const double value = find_number(gguf, key).value_or(otherwise);
  if (!(value >= least && value <= most))
    throw Error("bad_gguf", describe_key(gguf, key) + " is " + std::to_string(value) + "; " + std::to_string(least) +
                                " to " + std::to_string(most) + " is expected.");
  return value;
}

RopeScaling read_scaling(const Gguf& gguf, const std::string& prefix) {
  const bool has_factor = gguf.value(prefix + "scaling.factor") || gguf.value(prefix + "scale_linear");
  const auto name = find_string(gguf, prefix + "scaling.type");
  if (!name) return has_factor ? RopeScaling::linear : RopeScaling::none;
  if (*name == "none") return RopeScaling::none;
  if (*name == "linear") return has_factor ? RopeScaling::linear : RopeScaling::none;
  if (*name == "yarn") return RopeScaling::yarn;
  throw Error("unsupported",
              describe_key(gguf, prefix + "scaling.type") + " is '" + *name + "'; none, linear and yarn are supported.");
}

// Files whose YaRN parameters are not the paper's would be computed otherwise than they ask.
void refuse_other_yarn(const Gguf& gguf, const std::string& prefix) {
  const struct {
    const char* key;
    double usual;
  } fixed[] = {{"yarn_ext_factor", 1}, {"yarn_attn_factor", 1}, {"yarn_beta_fast", 32}, {"yarn_beta_slow", 1},
               {"yarn_log_multiplier", 0}};
  for (const auto& [key, usual] : fixed) {
    const std::string full = prefix + "scaling." + key;
    const double value = find_number(gguf, full).value_or(usual);
    if (value != usual)
      throw Error("unsupported", describe_key(gguf, full) + " is " + std::to_string(value) + "; only " +
                                     std::to_string(usual) + " is supported.");
  }
}

}  // namespace

RotarySettings read_rope(const Gguf& gguf, const std::string& architecture, size_t head_width, size_t context) {
  const std::string prefix = architecture + "rope.";
  RotarySettings rope{};
  rope.rotated = gguf.value(prefix + "dimension_count") ? need_integer(gguf, prefix + "dimension_count", 2, head_width)
                                                        : head_width;
  if (rope.rotated % 2 != 0)
    throw Error("bad_gguf", describe_key(gguf, prefix + "dimension_count") + " is " + std::to_string(rope.rotated) +
                                "; an even number is expected.");
  rope.base = read_between(gguf, prefix + "freq_base", 10000, 1, kBaseMax);
  rope.scaling = read_scaling(gguf, prefix);
  rope.magnitude = read_between(gguf, prefix + "scaling.attn_factor", 1, 1 / kMagnitudeMax, kMagnitudeMax);
  if (rope.scaling == RopeScaling::none) return rope;

  const std::string factor = prefix + (gguf.value(prefix + "scaling.factor") ? "scaling.factor" : "scale_linear");
  rope.factor = read_between(gguf, factor, 1, 1, kFactorMax);  // not below 1: angles stay inside sin_cos's range
  if (rope.scaling == RopeScaling::linear) return rope;

  refuse_other_yarn(gguf, prefix);
  const std::string original = prefix + "scaling.original_context_length";
  rope.original_context =
      double(gguf.value(original) ? need_integer(gguf, original, 1, kOriginalContextMax) : context);
  if (!(rope.base > 1))
    throw Error("bad_gguf", describe_key(gguf, prefix + "freq_base") + " is 1; YaRN needs a base above 1.");
  rope.magnitude = rope.magnitude * (1 + 0.1 * log_f64(rope.factor));
  return rope;
}

}  // namespace aria
