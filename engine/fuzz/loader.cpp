// libFuzzer target: any bytes as a GGUF file, through header, configuration, weights and rotation. Each ends in views
// into the bytes, memory in proportion to them, or a typed error; nothing else. ASan watches reads past the end.
#include "../src/gguf/split.h"
#include "../src/kernels/kernels.h"
#include "../src/model/weights.h"
#include "require.h"

namespace {

using namespace aria;
using fuzz::attempt, fuzz::require;

constexpr const char* kRefusals[] = {"bad_gguf", "unsupported"};

// Stripes of 16 rows make 16 of one, and blocks of a packing are up to twice a file's; some room for alignment.
constexpr size_t kPackedShareMax = 40, kPackedAlways = 4096;

bool inside(std::string_view view, std::string_view file) {
  return view.empty() || (view.data() >= file.data() && view.data() + view.size() <= file.data() + file.size());
}

void check_views(const Gguf& gguf, std::string_view file) {
  for (const auto& [key, value] : gguf.metadata) require(inside(value.bytes, file), "a value outside the file");
  for (const Tensor& tensor : gguf.tensors) {
    require(inside(tensor.bytes, file), "a tensor outside the file");
    require(tensor.bytes.size() == tensor.rows * tensor.row_bytes + tensor.type->tail,
            "a tensor of another size than its rows");
    require(gguf.find(tensor.name) == &tensor, "a tensor that is not found");
  }
}

void check_rotation(const ModelConfig& config, const Weights& weights) {
  RotarySettings rotary = config.rotary;
  rotary.divisors = weights.rope_divisors;
  const RotaryTable table(rotary);
  std::vector<float> cosines(table.pairs()), sines(table.pairs());
  for (const size_t position : {size_t{0}, config.context - 1}) {
    table.fill(position, cosines.data(), sines.data());
    for (size_t i = 0; i < table.pairs(); i++)
      require(cosines[i] - cosines[i] == 0 && sines[i] - sines[i] == 0, "an angle that is not finite");
  }
}

void check_rows(const Linear& linear) {
  std::vector<float> row(linear.packed_columns);
  unpack_row(linear, linear.rows - 1, row.data());
  for (const float value : row) require(value - value == 0, "a weight that is not finite");
}

void check_weights(const Gguf& gguf, std::string_view file, const ModelConfig& config) {
  static ThreadPool pool(1);
  static const Context context{kScalar, pool};
  double shown = 0;
  const Weights weights = load_weights(
      context, gguf, config,
      [&](double share) {
        require(share > shown && share <= 1, "progress that does not go on");
        shown = share;
      },
      [&](std::string_view bytes) { require(inside(bytes, file), "released bytes outside the file"); });
  require(weights.memory.bytes() <= kPackedAlways + kPackedShareMax * file.size(), "more memory than the file justifies");
  check_rows(weights.head());
  for (const Layer& layer : weights.layers) check_rows(layer.down.weights);
  check_rotation(config, weights);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  attempt(kRefusals, [&] {
    const Gguf gguf = read_gguf(file);
    check_views(gguf, file);
    attempt(kRefusals, [&] {
      if (count_parts(gguf) > 1) name_parts(gguf, "model-00001-of-00002.gguf", count_parts(gguf));
    });
    whole_header(gguf);
    const ModelConfig config = read_config(gguf);
    check_weights(gguf, file, config);
  });
  return 0;
}
