#pragma once
// The input of linear layers: float rows and their int8 form, for up to `capacity` tokens.
#include "../base/buffer.h"
#include "../base/profile.h"
#include "context.h"

namespace aria {

class Activation {
 public:
  Activation(size_t columns, size_t capacity)
      : columns_(round_up(columns, kGroup)),
        values_(capacity * columns_ * sizeof(float)),
        quants_(capacity * columns_),
        scales_(capacity * columns_ / kSumsMin * sizeof(float)),
        sums_(capacity * columns_ / kSumsMin * sizeof(int32_t)) {}

  // Rows are padded with zeros to a multiple of kGroup; writers keep the padding zero, and say `changed` after.
  float* row(size_t token) { return values_.as<float>() + token * columns_; }
  size_t stride() const { return columns_; }
  void changed() { group_ = sum_group_ = 0; }

  // Makes the int8 form that kernels of this packing take, unless that is the form it has.
  void quantize(const Context& context, size_t tokens, const PackingInfo& packing) {
    const size_t group = packing.group_in(columns_), sum_group = packing.sums_in(columns_);
    if (group == 0 || (group_ == group && sum_group_ == sum_group)) return;
    const Span span(Part::quantize);
    group_ = group;
    sum_group_ = sum_group;
    context.run(tokens, 4 * tokens * columns_, [&](size_t token, size_t) {
      context.kernels.quantize(row(token), columns_, group_, sum_group_, quants_.as<int8_t>() + token * columns_,
                               scales_.as<float>() + token * (columns_ / group_),
                               sums_.as<int32_t>() + token * (columns_ / sum_group_));
    });
  }

  Activations view(size_t tokens) const {
    return {values_.as<float>(), quants_.as<int8_t>(), scales_.as<float>(), sums_.as<int32_t>(), columns_, tokens};
  }

 private:
  size_t columns_;
  size_t group_ = 0, sum_group_ = 0;  // 0: the int8 form is out of date
  Buffer values_, quants_, scales_, sums_;
};

}  // namespace aria
