#include "model.h"

#include "../kernels/select.h"

namespace aria {

Model::Model(const Gguf& gguf, const LoadOptions& options, const Progress& progress, const Release& release)
    : config(read_config(gguf)),
      pool(options.threads, options.pool),
      context{select_kernels(options.kernels), pool},
      weights(load_weights(context, gguf, config, progress, release)),
      forward(context, config, weights) {}

}  // namespace aria
