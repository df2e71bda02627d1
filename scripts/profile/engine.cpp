// Steps of the forward pass with their parts timed, in a build with ARIA_PROFILE. One line of JSON on stdout.
// usage: profile <model.gguf> <threads> <context> <rows> <steps> [table]
// The cache holds arbitrary numbers, not those of a text: only their count decides the time.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <numeric>
#include <string>

#include "base/profile.h"
#include "gguf/file.h"
#include "model/model.h"
#include "session/sampling.h"

namespace {

double cpu_seconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

constexpr const char* kNames[] = {"other",  "embedding", "norm",       "quantize", "query_key_value",
                                  "output", "gate_up",   "down",       "heads",    "attention",
                                  "activation", "residual", "head", "sampling", "waiting"};
static_assert(std::size(kNames) == size_t(aria::Part::count));

// Halves between 1/4 and 1 with random signs.
void fill(aria::Page& page, uint32_t& state) {
  for (size_t i = 0; i < page.memory.bytes() / 2; i++) {
    state = state * 1664525 + 1013904223;
    page.memory.as<uint16_t>()[i] = uint16_t((state >> 16 & 0x8fff) | 0x3000);
  }
}

}  // namespace

int main(int count, char** arguments) {
  using namespace aria;
  if (count < 6) return std::fprintf(stderr, "usage: profile <model> <threads> <context> <rows> <steps> [table]\n"), 1;
  const auto number = [&](int index) { return std::stoul(arguments[index]); };
  const size_t threads = number(2), context = number(3), rows = number(4), steps = number(5);
  MappedFile file(arguments[1]);
  const Gguf gguf = read_gguf(file.bytes());
  Model model(gguf, {count > 6 ? arguments[6] : "auto", threads, {}}, [](double) {}, [](std::string_view) {});
  const PageShape shape{model.config.layers, model.config.kv_heads, model.config.head_width};
  Cache cache(shape);
  std::vector<std::unique_ptr<Page>> pages;
  uint32_t state = 1;
  for (size_t i = 0; i < pages_for(context + rows); i++) {
    pages.push_back(std::make_unique<Page>(shape));
    fill(*pages.back(), state);
    cache.pages.push_back(pages.back().get());
  }
  std::vector<Row> step;
  for (size_t r = 0; r < rows; r++) step.push_back({uint32_t(state + r * 977) % uint32_t(model.config.vocabulary), uint32_t(context + r), &cache});
  model.forward.reserve(context + rows);
  const size_t last[] = {rows - 1};
  Scratch scratch;
  const std::vector<uint32_t> sequence(1, 1);
  double wall = 0, cpu = 0;
  for (size_t s = 0; s <= steps; s++) {
    if (s == 1) {  // the first warms caches and threads
      profile = {};
      wall = -double(std::chrono::steady_clock::now().time_since_epoch().count()) * 1e-9;
      cpu = -cpu_seconds();
    }
    model.forward.step(step);
    const float* logits = model.forward.logits(last);
    const Span span(Part::sampling);
    sample(logits, model.config.vocabulary, {}, sequence, 0, 0, scratch);
  }
  profile.enter(Part::other);
  wall += double(std::chrono::steady_clock::now().time_since_epoch().count()) * 1e-9;
  cpu += cpu_seconds();
  std::printf("{\"kernels\":\"%s\",\"wall\":%.9f,\"cpu\":%.9f,\"parts\":{", model.context.kernels.name,
              wall / double(steps), cpu / double(steps));
  for (size_t p = 0; p < size_t(Part::count); p++)
    std::printf("%s\"%s\":%.9f", p ? "," : "", kNames[p], profile.seconds[p] / double(steps));
  std::printf("}}\n");
}
