// The peer: llama.cpp through its own C interface, in the library that node-llama-cpp ships. Reads one job per line
// ("<job> <threads>"), answers with one line of JSON: tokens, wall and CPU seconds.
// usage: llamacpp <model.gguf> <folder of the backends> <context> <flash attention: 0|1>
#include <sys/resource.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "ggml-backend.h"
#include "llama.h"

namespace {

constexpr int kPrompt = 32, kDecode = 48, kPrefill = 512, kBatch = 16, kBatchSteps = 24;

double wall_seconds() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

double cpu_seconds() {
  rusage use;
  getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "llamacpp: %s\n", what);
  std::exit(1);
}

class Peer {
 public:
  Peer(const char* path, uint32_t context, bool flash) {
    llama_model_params model_params = llama_model_default_params();
    model_params.n_gpu_layers = 0;
    model_ = llama_model_load_from_file(path, model_params);
    if (!model_) fail("cannot load the model");
    llama_context_params params = llama_context_default_params();
    params.n_ctx = context;
    params.n_batch = params.n_ubatch = kPrefill;
    params.n_seq_max = kBatch;
    params.kv_unified = true;
    params.flash_attn_type = flash ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    context_ = llama_init_from_model(model_, params);
    if (!context_) fail("cannot make a context");
    vocabulary_ = llama_vocab_n_tokens(llama_model_get_vocab(model_));
    batch_ = llama_batch_init(kPrefill, 0, 1);
  }

  void run(const std::string& job, int threads) {
    llama_set_n_threads(context_, threads, threads);
    llama_memory_clear(llama_get_memory(context_), true);
    if (job == "decode") return decode();
    if (job == "prefill") return measure(job, kPrefill, [&] { tokens(0, 0, kPrefill); });
    if (job == "batch16") return batched();
    fail("unknown job");
  }

 private:
  void measure(const std::string& job, int count, const std::function<void()>& work) {
    const double wall = wall_seconds(), cpu = cpu_seconds();
    work();
    std::printf("{\"job\":\"%s\",\"tokens\":%d,\"wallSeconds\":%.6f,\"cpuSeconds\":%.6f}\n", job.c_str(), count,
                wall_seconds() - wall, cpu_seconds() - cpu);
    std::fflush(stdout);
  }

  void add(int token, int position, int sequence, bool logits) {
    const int i = batch_.n_tokens++;
    batch_.token[i] = token;
    batch_.pos[i] = position;
    batch_.n_seq_id[i] = 1;
    batch_.seq_id[i][0] = sequence;
    batch_.logits[i] = logits;
  }

  void tokens(int sequence, int from, int count) {
    batch_.n_tokens = 0;
    for (int i = 0; i < count; i++)
      add((from + i) * 7 % 997 + 3, from + i, sequence, i + 1 == count);
    if (llama_decode(context_, batch_) != 0) fail("decode failed");
  }

  int greedy(int row) const {
    const float* logits = llama_get_logits_ith(context_, row);
    int best = 0;
    for (int i = 1; i < vocabulary_; i++)
      if (logits[i] > logits[best]) best = i;
    return best;
  }

  void decode() {
    tokens(0, 0, kPrompt);
    measure("decode", kDecode, [&] {
      for (int step = 0; step < kDecode; step++) {
        const int token = greedy(-1);
        batch_.n_tokens = 0;
        add(token, kPrompt + step, 0, true);
        if (llama_decode(context_, batch_) != 0) fail("decode failed");
      }
    });
  }

  void batched() {
    std::vector<int> next(kBatch);
    for (int s = 0; s < kBatch; s++) {
      tokens(s, 0, kPrompt);
      next[size_t(s)] = greedy(-1);
    }
    measure("batch16", kBatch * kBatchSteps, [&] {
      for (int step = 0; step < kBatchSteps; step++) {
        batch_.n_tokens = 0;
        for (int s = 0; s < kBatch; s++) add(next[size_t(s)], kPrompt + step, s, true);
        if (llama_decode(context_, batch_) != 0) fail("decode failed");
        for (int s = 0; s < kBatch; s++) next[size_t(s)] = greedy(s);
      }
    });
  }

  llama_model* model_;
  llama_context* context_;
  llama_batch batch_;
  int vocabulary_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) fail("usage: llamacpp <model.gguf> <folder of the backends> <context> <0|1>");
  llama_log_set([](ggml_log_level level, const char* text, void*) {
    if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
  }, nullptr);
  ggml_backend_load_all_from_path(arguments[2]);
  llama_backend_init();
  Peer peer(arguments[1], uint32_t(std::atoi(arguments[3])), arguments[4][0] == '1');
  std::printf("{\"ready\":true,\"version\":\"%s\"}\n", llama_version());
  std::fflush(stdout);
  char job[32];
  int threads;
  while (std::scanf("%31s %d", job, &threads) == 2) peer.run(job, threads);
}
