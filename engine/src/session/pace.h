#pragma once
// How many prefill rows a step takes, so that it lasts about as long as wanted. Time decides only how work is cut, and no
// cut changes a result.
#include <algorithm>
#include <cstddef>

namespace aria {

class Pace {
 public:
  Pace(double target_ms, size_t rows_max) : target_ms_(target_ms), rows_max_(double(rows_max)) {}

  size_t rows() const { return size_t(rows_); }

  // A step with `taken` prefill rows lasted `ms`. Shrinks at once in proportion; grows by half when the limit was felt.
  void observe(size_t taken, double ms) {
    if (taken == 0) return;
    if (ms > target_ms_)
      rows_ = std::max(kRowsMin, std::min(rows_, double(taken) * target_ms_ / ms));
    else if (taken >= rows())
      rows_ = std::min(rows_max_, rows_ * 1.5);
  }

 private:
  static constexpr double kRowsMin = 4;     // a prompt goes on, however slow the machine
  static constexpr double kRowsFirst = 16;  // before anything was measured
  double target_ms_, rows_max_, rows_ = kRowsFirst;
};

}  // namespace aria
