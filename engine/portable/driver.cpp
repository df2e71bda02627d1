// A program around the engine without Node, to run it where Node is not: cross-compiled for other CPUs, for example.
//   aria-driver [model.gguf [kernels [threads]]]
// Requests are read from the standard input, one per line; answers are written one per line (commands.h).
#include <iostream>
#include <memory>

#include "../src/gguf/file.h"
#include "commands.h"

int main(int count, char** arguments) {
  const auto argument = [&](int index, const char* otherwise) { return index < count ? arguments[index] : otherwise; };
  std::unique_ptr<aria::OpenModel> open;
  try {
    if (count > 1)
      open = std::make_unique<aria::OpenModel>(aria::open_model(
          aria::MappedFile(arguments[1]).bytes(), argument(2, "auto"), std::stoul(argument(3, "1"))));
  } catch (...) {
    std::cout << aria::json_error() << std::endl;
    return 1;
  }
  for (std::string request; std::getline(std::cin, request);)
    std::cout << aria::answer(open.get(), request) << std::endl;
}
