#pragma once
// Cosines and sines of one position: pair i turns by position * base^(-2i / rotated).
#include <vector>

#include "math.h"

namespace aria {

class RotaryTable {
 public:
  RotaryTable(size_t rotated, double base) {
    const double log_base = log_f64(base);
    for (size_t i = 0; i < rotated / 2; i++)
      frequencies_.push_back(exp_f64(-(double(2 * i) / double(rotated)) * log_base));
  }

  size_t pairs() const { return frequencies_.size(); }

  void fill(size_t position, float* cosines, float* sines) const {
    for (size_t i = 0; i < frequencies_.size(); i++) {
      const SinCos turn = sin_cos(double(position) * frequencies_[i]);
      cosines[i] = turn.cosine;
      sines[i] = turn.sine;
    }
  }

 private:
  std::vector<double> frequencies_;
};

}  // namespace aria
