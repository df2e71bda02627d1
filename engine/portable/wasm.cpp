// What the WebAssembly module exports. engine/wasm/engine.ts calls it: buffers go in as (address, size), every answer
// comes back as the address of a JSON text that ends with a zero byte and stays until the next call.
#include <cstdlib>
#include <memory>

#include "commands.h"

#define ARIA_EXPORT(name) extern "C" __attribute__((export_name(name)))

namespace {

std::unique_ptr<aria::OpenModel> model;
std::string latest;

}  // namespace

// Zero when there is no such room.
ARIA_EXPORT("allocate") void* aria_allocate(size_t bytes) { return std::malloc(bytes); }
ARIA_EXPORT("release") void aria_release(void* address) { std::free(address); }

// Opens a GGUF file in place of the one before. The file's bytes may be released afterwards.
ARIA_EXPORT("open") const char* aria_open(const char* file, size_t size, const char* kernels) {
  try {
    model.reset();
    model = std::make_unique<aria::OpenModel>(aria::open_model({file, size}, kernels, 1));
    latest = aria::answer(model.get(), "info");
  } catch (...) {
    latest = aria::json_error();
  }
  return latest.c_str();
}

ARIA_EXPORT("answer") const char* aria_answer(const char* request, size_t size) {
  latest = aria::answer(model.get(), {request, size});
  return latest.c_str();
}
