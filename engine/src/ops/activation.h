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
        sums_(capacity * columns_ / kSumsMin * sizeof(int32_t)),
        capacity_(capacity) {}

  // Rows are padded with zeros to a multiple of kGroup; writers keep the padding zero, and say `changed` after.
  float* row(size_t token) { return values_.as<float>() + token * columns_; }
  size_t stride() const { return columns_; }
  void changed() { group_ = sum_group_ = 0; }

  // Makes the int8 form that kernels of this packing take, unless that is the form it has.
  void quantize(const Context& context, size_t tokens, Packing packing) {
    const size_t group = info_of(packing).group_in(columns_), sum_group = info_of(packing).sums_in(columns_);
    if (group == 0 || (group_ == group && sum_group_ == sum_group)) return;
    const Span span(Part::quantize);
    group_ = group;
    sum_group_ = sum_group;
    const auto tabulate = kTableBytes > 0 && packing == Packing::q1_0 ? context.kernels.tabulate : nullptr;
    tabled_ = tabulate && tokens >= kTableTokensMin;
    looked_up_ = false;
    const bool lookup = packing == Packing::q1_0 && tokens == 1 && columns_ <= kLookupColumnsMax;
    const auto tabulate_one = lookup ? context.kernels.tabulate_one : nullptr;
    if (tabulate_one && lookups_.bytes() == 0) lookups_ = Buffer(columns_ * kLookupBytes);
    // Taken when first needed: models of other weights never pay for them.
    if (tabled_ && tables_.bytes() == 0) tables_ = Buffer(capacity_ * (columns_ / kGroup) * kTableBytes);
    context.run(tokens, 4 * tokens * columns_, [&](size_t token, size_t) {
      context.kernels.quantize(row(token), columns_, group_, sum_group_, quants_.as<int8_t>() + token * columns_,
                               scales_.as<float>() + token * (columns_ / group_),
                               sums_.as<int32_t>() + token * (columns_ / sum_group_));
      if (tabulate_one) looked_up_ = tabulate_one(quants_.as<int8_t>(), columns_, lookups_.as<uint8_t>());
      if (!tabled_) return;
      tabulate(quants_.as<int8_t>() + token * columns_, columns_,
               tables_.as<int16_t>() + token * (columns_ / kGroup) * kTableEntries);
    });
  }

  Activations view(size_t tokens) const {
    return {values_.as<float>(), quants_.as<int8_t>(), scales_.as<float>(), sums_.as<int32_t>(), columns_, tokens,
            tabled_ ? tables_.as<int16_t>() : nullptr, looked_up_ ? lookups_.as<uint8_t>() : nullptr};
  }

 private:
#if defined(__x86_64__)
  static constexpr size_t kTableBytes = kTableEntries * sizeof(int16_t);
#else
  static constexpr size_t kTableBytes = 0;  // no kernels there use tables
#endif
  size_t columns_;
  size_t group_ = 0, sum_group_ = 0;  // 0: the int8 form is out of date
  bool tabled_ = false, looked_up_ = false;  // the int8 form has its tables, too
  Buffer values_, quants_, scales_, sums_, tables_, lookups_;
  size_t capacity_;
};

}  // namespace aria
