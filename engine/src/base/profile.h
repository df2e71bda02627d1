#pragma once
// Where a step's time goes: spans of the computing thread, for builds with ARIA_PROFILE (npm run profile:engine).
// Every other build compiles them to nothing.
#include <cstddef>
#ifdef ARIA_PROFILE
#include <time.h>

#include <array>
#endif

namespace aria {

enum class Part {
  other,
  embedding,  // and the rotary table
  norm,
  quantize,
  query_key_value,
  attention_output,
  gate_up,
  down,
  heads,  // norms and rotation of query and key heads, rounding into the cache
  attention,
  activation,  // SiLU or ReLU², times up
  residual,
  head,
  sampling,
  waiting,  // of the computing thread for the others
  count,
};

#ifdef ARIA_PROFILE
// CPU seconds of each part, so that other programs on the machine do not count; a span inside another counts for its own
// part only.
struct Profile {
  static double now() {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
  }
  std::array<double, size_t(Part::count)> seconds{};
  Part current = Part::other;
  double since = now();

  Part enter(Part part) {
    const double time = now();
    seconds[size_t(current)] += time - since;
    since = time;
    const Part before = current;
    current = part;
    return before;
  }
};
inline thread_local Profile profile;

class Span {
 public:
  explicit Span(Part part) : before_(profile.enter(part)) {}
  ~Span() { profile.enter(before_); }
  Span(const Span&) = delete;

 private:
  Part before_;
};
#else
class Span {
 public:
  explicit Span(Part) {}
  ~Span() {}
};
#endif

}  // namespace aria
