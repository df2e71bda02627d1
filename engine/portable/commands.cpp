#include "commands.h"

#include <algorithm>
#include <cstdio>

#include "../src/kernels/select.h"
#include "../src/session/trace.h"
#include "../src/session/verify.h"
#include "../src/tokenizer/token_table.h"
#include "request.h"

namespace aria {
namespace {

std::string known(Fields& fields) {
  const Kernels& kernels = find_kernels(fields.text("kernels", "auto"));
  const auto seed = fields.number<uint32_t>("seed", 0);
  fields.end();
  std::string json = "{\"kernels\":" + json_string(kernels.name) + ",\"answers\":{";
  for (const KnownAnswer& known : known_answers(kernels, seed)) {
    if (json.back() != '{') json += ',';
    json += json_string(known.kernel) + ":" + json_string(known.hash);
  }
  return json + "}}";
}

std::string info(const OpenModel& open, Fields& fields) {
  fields.end();
  const ModelConfig& config = open.scheduler->model->config;
  std::string stops;
  for (uint32_t token : open.stop_tokens) {
    if (!stops.empty()) stops += ',';
    stops += std::to_string(token);
  }
  return "{\"architecture\":" + json_string(config.architecture->name) + ",\"name\":" + json_string(config.name) +
         ",\"kernels\":" + json_string(open.scheduler->model->context.kernels.name) +
         ",\"layers\":" + std::to_string(config.layers) + ",\"width\":" + std::to_string(config.width) +
         ",\"vocabulary\":" + std::to_string(config.vocabulary) + ",\"context\":" + std::to_string(config.context) +
         ",\"stops\":[" + stops + "]}";
}

std::string trace_of(const OpenModel& open, Fields& fields) {
  const std::vector<uint32_t> tokens = fields.numbers("tokens");
  const auto chunk = fields.number<uint32_t>("chunk", kStepRows);
  fields.end();
  return trace_json(*open.scheduler->model, trace(*open.scheduler->model, tokens, chunk));
}

// Enough digits for the same double in JavaScript.
std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string verify_of(const OpenModel& open, Fields& fields) {
  const Transcript transcript{fields.numbers("prompt"), fields.numbers("output"), fields.sampling(),
                              fields.number<uint64_t>("seed", 0)};
  fields.end();
  const VerifyOptions options{open.stop_tokens, std::nullopt};
  const Verdict verdict =
      verify(*open.scheduler, {&transcript, 1}, options, CancelFlag{false}, [](double) {}).at(0);
  if (verdict.match) return "{\"match\":true}";
  return "{\"match\":false,\"position\":" + std::to_string(verdict.position) +
         ",\"expected\":" + std::to_string(verdict.expected) + ",\"actual\":" + std::to_string(verdict.actual) +
         ",\"expectedLogit\":" + number_text(verdict.expected_logit) +
         ",\"actualLogit\":" + number_text(verdict.actual_logit) + "}";
}

std::string run(const OpenModel* open, std::string_view request) {
  const size_t end = std::min(request.find(' '), request.size());
  const std::string_view command = request.substr(0, end);
  Fields fields(request.substr(std::min(end + 1, request.size())));
  if (command == "known") return known(fields);
  if (!open) throw Error("closed", "No model is open.");
  if (command == "info") return info(*open, fields);
  if (command == "trace") return trace_of(*open, fields);
  if (command == "verify") return verify_of(*open, fields);
  throw Error("bad_options", "The command '" + std::string(command) + "' is not known.");
}

}  // namespace

OpenModel open_model(std::string_view file, const std::string& kernels, size_t threads) {
  const Gguf gguf = read_gguf(file);
  TokenTable tokens;  // first: it is the cheaper to refuse
  read_token_table(gguf, read_config(gguf).vocabulary, tokens);
  PackedBytes strings;
  for (uint32_t token = 0; token < tokens.size(); token++) {
    const std::string bytes = bytes_of_token(tokens, token);
    strings.bytes.insert(strings.bytes.end(), bytes.begin(), bytes.end());
    strings.ends.push_back(uint32_t(strings.bytes.size()));
  }
  const LoadOptions options{kernels, threads, {}};
  const auto model = std::make_shared<Model>(gguf, options, [](double) {}, [](std::string_view) {});
  ServingOptions serving;
  serving.own_thread = false;
  const auto scheduler = std::make_shared<Scheduler>(model, Hash{}, serving);  // no sessions to save
  scheduler->grammars =
      std::make_shared<GrammarCache>(std::make_shared<const Vocabulary>(strings, tokens.stop_tokens));
  return {scheduler, tokens.stop_tokens};
}

std::string answer(const OpenModel* open, std::string_view request) {
  try {
    return run(open, request);
  } catch (...) {
    return json_error();
  }
}

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += c < 0x20 || c > 0x7e ? '?' : c;
  }
  return json + "\"";
}

std::string json_error() {
  const char* code = "internal";
  std::string message = "The engine failed in an unknown way.";
  try {
    throw;
  } catch (const Error& error) {
    code = error.code;
    message = error.what();
  } catch (const std::bad_alloc&) {
    code = "out_of_memory";
    message = "The engine ran out of memory.";
  } catch (const std::exception& error) {
    message = error.what();
  } catch (...) {
  }
  return "{\"error\":{\"code\":" + json_string(code) + ",\"message\":" + json_string(message) + "}}";
}

}  // namespace aria
