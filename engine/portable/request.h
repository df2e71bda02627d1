#pragma once
// The fields of a request: `name=value`, separated by spaces. Lists are separated by commas.
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../src/base/error.h"
#include "../src/session/sampling.h"

namespace aria {

// Reading takes fields out, so that what is left in the end was not understood.
class Fields {
 public:
  explicit Fields(std::string_view text);

  std::string text(const std::string& name, const std::string& otherwise);

  template <class T>
  T number(const std::string& name, T otherwise) {
    const std::string value = text(name, "");
    return value.empty() ? otherwise : parse<T>(name, value);
  }

  std::vector<uint32_t> numbers(const std::string& name);

  // temperature, topK, topP, minP, presencePenalty, frequencyPenalty, repetitionPenalty, repetitionWindow; logitBias as
  // token:bias,token:bias; grammar as hexadecimal digits of its UTF-8 form. Units as in sampling.h.
  Sampling sampling();

  // Throws bad_options when a field is left.
  void end() const;

 private:
  std::vector<std::string_view> items(const std::string& name);

  template <class T>
  static T parse(const std::string& name, std::string_view digits, int base = 10) {
    T value{};
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (failure != std::errc{} || end != digits.data() + digits.size())
      throw Error("bad_options", "The field '" + name + "' has '" + std::string(digits) + "' where a number belongs.");
    return value;
  }

  std::map<std::string, std::string_view> fields_;
};

}  // namespace aria
