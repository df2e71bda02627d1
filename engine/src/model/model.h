#pragma once
// A loaded model: weights, kernels, threads and the one forward pass that sessions share, step by step.
#include <memory>

#include "forward.h"

namespace aria {

struct LoadOptions {
  std::string kernels = "auto";
  size_t threads = 1;
  PoolOptions pool;
};

class Model {
 public:
  // `release` is told of file bytes that are not needed again.
  Model(const Gguf& gguf, const LoadOptions& options, const Progress& progress, const Release& release);

  ModelConfig config;
  ThreadPool pool;
  Context context;
  Weights weights;
  Forward forward;  // used by one thread: the scheduler's
};

}  // namespace aria
