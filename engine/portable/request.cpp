#include "request.h"

#include <algorithm>

namespace aria {
namespace {

// Cuts `text` at the first separator: returns what is before it and leaves what is behind it.
std::string_view cut(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view first = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return first;
}

}  // namespace

Fields::Fields(std::string_view text) {
  while (!text.empty()) {
    std::string_view value = cut(text, ' ');
    const std::string_view name = cut(value, '=');
    if (!name.empty()) fields_[std::string(name)] = value;
  }
}

std::string Fields::text(const std::string& name, const std::string& otherwise) {
  const auto found = fields_.find(name);
  if (found == fields_.end()) return otherwise;
  const std::string value(found->second);
  fields_.erase(found);
  return value;
}

std::vector<std::string_view> Fields::items(const std::string& name) {
  const auto found = fields_.find(name);
  if (found == fields_.end()) return {};
  std::string_view value = found->second;
  fields_.erase(found);
  std::vector<std::string_view> all;
  while (!value.empty()) all.push_back(cut(value, ','));
  return all;
}

std::vector<uint32_t> Fields::numbers(const std::string& name) {
  std::vector<uint32_t> all;
  for (const std::string_view item : items(name)) all.push_back(parse<uint32_t>(name, item));
  return all;
}

Sampling Fields::sampling() {
  Sampling settings;
  settings.temperature = number("temperature", settings.temperature);
  settings.top_k = number("topK", settings.top_k);
  settings.top_p = number("topP", settings.top_p);
  settings.min_p = number("minP", settings.min_p);
  settings.presence_penalty = number("presencePenalty", settings.presence_penalty);
  settings.frequency_penalty = number("frequencyPenalty", settings.frequency_penalty);
  settings.repetition_penalty = number("repetitionPenalty", settings.repetition_penalty);
  settings.repetition_window = number("repetitionWindow", settings.repetition_window);
  for (std::string_view bias : items("logitBias")) {
    const auto token = parse<uint32_t>("logitBias", cut(bias, ':'));
    settings.logit_bias.push_back({token, parse<int32_t>("logitBias", bias)});
  }
  const std::string grammar = text("grammar", "");
  for (size_t at = 0; at < grammar.size(); at += 2)
    settings.grammar += char(parse<uint8_t>("grammar", std::string_view(grammar).substr(at, 2), 16));
  return settings;
}

void Fields::end() const {
  if (!fields_.empty()) throw Error("bad_options", "The field '" + fields_.begin()->first + "' is not known here.");
}

}  // namespace aria
