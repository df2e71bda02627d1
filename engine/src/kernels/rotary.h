#pragma once
// Cosines and sines of one position. Pair i turns by position * base^(-2i / rotated), slowed down where a model
// was stretched to a longer context than it was trained for (SPEC.md, "Rotation").
#include <vector>

#include "math.h"

namespace aria {

enum class RopeScaling { none, linear, yarn };

struct RotarySettings {
  size_t rotated;
  double base;
  RopeScaling scaling = RopeScaling::none;
  double factor = 1;             // the context's length over the one trained for
  double original_context = 0;   // yarn: the length trained for
  double magnitude = 1;          // of every cosine and sine
  std::vector<double> divisors{};  // of each pair's frequency, or none
};

// YaRN (Peng et al. 2023, arXiv:2309.00071): pairs that turn often within the original context keep their
// frequency, pairs that turn less than once get it divided by the factor, those between are mixed.
class YarnRamp {
 public:
  explicit YarnRamp(const RotarySettings& settings)
      : low_(largest(__builtin_floor(pair_turning(settings, kTurnsFast)), 0)),
        high_(smallest(__builtin_ceil(pair_turning(settings, kTurnsSlow)), double(settings.rotated) - 1)) {}

  // 1 where the frequency stays, 0 where it is divided.
  double kept(size_t pair) const {
    return 1 - smallest(largest((double(pair) - low_) / largest(high_ - low_, 0.001), 0), 1);
  }

 private:
  static constexpr double kTurnsFast = 32, kTurnsSlow = 1;
  static double largest(double a, double b) { return a > b ? a : b; }
  static double smallest(double a, double b) { return a < b ? a : b; }

  // The pair, a fraction, that turns so often within the original context.
  static double pair_turning(const RotarySettings& settings, double turns) {
    return double(settings.rotated) * log_f64(settings.original_context / (turns * 0x1.921fb54442d18p+2)) /
           (2 * log_f64(settings.base));
  }
  double low_, high_;
};

class RotaryTable {
 public:
  RotaryTable(size_t rotated, double base) : RotaryTable(RotarySettings{.rotated = rotated, .base = base}) {}

  explicit RotaryTable(const RotarySettings& settings) : magnitude_(settings.magnitude) {
    const double log_base = log_f64(settings.base);
    for (size_t i = 0; i < settings.rotated / 2; i++) {
      double frequency = exp_f64(-(double(2 * i) / double(settings.rotated)) * log_base);
      if (!settings.divisors.empty()) frequency = frequency / settings.divisors[i];
      frequencies_.push_back(scaled(settings, i, frequency));
    }
  }

  size_t pairs() const { return frequencies_.size(); }

  void fill(size_t position, float* cosines, float* sines) const {
    for (size_t i = 0; i < frequencies_.size(); i++) {
      const SinCos turn = sin_cos(double(position) * frequencies_[i], magnitude_);
      cosines[i] = turn.cosine;
      sines[i] = turn.sine;
    }
  }

 private:
  static double scaled(const RotarySettings& settings, size_t pair, double frequency) {
    if (settings.scaling == RopeScaling::none) return frequency;
    const double slowed = frequency / settings.factor;
    if (settings.scaling == RopeScaling::linear) return slowed;
    const double kept = YarnRamp(settings).kept(pair);
    return slowed * (1 - kept) + frequency * kept;
  }

  std::vector<double> frequencies_;
  double magnitude_;
};

}  // namespace aria
