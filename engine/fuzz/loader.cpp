// libFuzzer target: any bytes as a GGUF file. Reading it gives views into the bytes, or a typed error; nothing else.
// ASan watches reads past the end, -malloc_limit_mb allocations that the header does not justify.
#include <cstdio>
#include <cstdlib>

#include "../src/base/error.h"
#include "../src/gguf/reader.h"
#include "../src/gguf/split.h"
#include "../src/model/config.h"

namespace {

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "Broken: %s\n", what);
  std::abort();
}

bool inside(std::string_view view, std::string_view file) {
  return view.empty() || (view.data() >= file.data() && view.data() + view.size() <= file.data() + file.size());
}

void check(const aria::Gguf& gguf, std::string_view file) {
  for (const auto& [key, value] : gguf.metadata) require(inside(value.bytes, file), "a value outside the file");
  for (const aria::Tensor& tensor : gguf.tensors) {
    require(inside(tensor.bytes, file), "a tensor outside the file");
    require(tensor.bytes.size() == tensor.rows * tensor.row_bytes, "a tensor of another size than its rows");
  }
}

template <class Work>
void attempt(Work work) {
  try {
    work();
  } catch (const aria::Error& error) {
    require(error.what()[0] != '\0', "an error without a text");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  attempt([&] {
    const aria::Gguf gguf = aria::read_gguf(file);
    check(gguf, file);
    attempt([&] { aria::read_config(gguf); });
    attempt([&] { aria::count_parts(gguf); });
    attempt([&] { aria::whole_header(gguf); });
  });
  return 0;
}
