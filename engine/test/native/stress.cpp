// Many clients at once over one small cache, under a sanitizer (scripts/sanitize.mjs): prefills, answers, random
// cancellation, saving and restoring, shared prefixes, eviction, replays, drafts, a full queue, and stopping in the middle of it
// all. Every answer must equal the one that was computed alone.
//   stress MODEL.gguf SECONDS SEED
#include <chrono>
#include <cstdio>
#include <future>
#include <map>

#include "../../src/gguf/file.h"
#include "../../src/session/replay.h"
#include "../../src/session/snapshot.h"

namespace aria {
namespace {

constexpr size_t kPrompts = 12, kAnswer = 10, kClients = 8;

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2654435769u | 1) {}
  uint32_t below(uint32_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return uint32_t(state_ >> 32) % limit;
  }

 private:
  uint64_t state_;
};

// A call of the engine, awaited.
template <class Value, class Start>
Value await(const Start& start) {
  std::promise<Outcome<Value>> promise;
  start(Done<Value>([&promise](Outcome<Value> outcome) { promise.set_value(std::move(outcome)); }));
  Outcome<Value> outcome = promise.get_future().get();
  if (outcome.error) outcome.error->raise();
  return std::move(*outcome.value);
}

struct Bench {
  std::shared_ptr<Scheduler> scheduler;
  std::vector<std::vector<uint32_t>> prompts, answers;
  std::atomic<uint64_t> answered{0}, cancelled{0}, busy{0}, restored{0}, replayed{0};
  std::atomic<bool> stopping{false};
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  std::abort();
}

Cancel never() { return std::make_shared<CancelFlag>(false); }

Sampling warm() {
  Sampling sampling;
  sampling.temperature = 1000;
  return sampling;
}

std::shared_ptr<Session> open(Bench& bench, const std::string& key, bool reserve = false) {
  SessionOptions options;
  options.tokens_max = 320;
  options.share_key = key;
  options.reserve = reserve;
  return std::make_shared<Session>(bench.scheduler, options);
}

std::vector<uint32_t> tokens_of(const std::vector<Draw>& draws) {
  std::vector<uint32_t> tokens;
  for (const Draw& draw : draws) tokens.push_back(draw.token);
  return tokens;
}

// Tokens in order, which the model goes on with, then a gap, then their beginning: some drafts are right, some are not.
void add_recurrence(std::vector<uint32_t>& prompt, Random& random) {
  const uint32_t start = random.below(200);
  for (uint32_t i = 0; i < 13; i++) prompt.push_back(i < 11 ? start + i : random.below(250));
  for (uint32_t i = 0; i < 6; i++) prompt.push_back(start + i);
}

// Three groups of prompts with common beginnings, which differ in the middle of a page.
void make_prompts(Bench& bench) {
  for (size_t i = 0; i < kPrompts; i++) {
    Random common(i % 3 + 1), own(i + 100);
    std::vector<uint32_t> prompt;
    const size_t shared = 90, length = i < 3 ? 1 + i : shared + 10 * i;
    for (size_t at = 0; at < length; at++) prompt.push_back((at < shared ? common : own).below(250));
    if (i % 2 == 0) add_recurrence(prompt, own);
    bench.prompts.push_back(prompt);
    const auto session = open(bench, "");
    await<size_t>([&](auto done) { session->prefill(prompt, never(), done); });
    bench.answers.push_back(tokens_of(await<std::vector<Draw>>(
        [&](auto done) { session->decode({kAnswer, warm(), i, {}}, never(), done); })));
  }
}

// One session from prompt to answer, with interruptions; throws what the engine refuses.
void answer_one(Bench& bench, Random& random) {
  const size_t index = random.below(kPrompts);
  const auto& prompt = bench.prompts[index];
  auto session = open(bench, random.below(4) ? "client " + std::to_string(random.below(3)) : "", random.below(8) == 0);
  const size_t cut = random.below(2) ? prompt.size() : 1 + random.below(uint32_t(prompt.size()));
  const auto cancel = std::make_shared<CancelFlag>(false);
  std::thread canceller;
  if (random.below(4) == 0)
    canceller = std::thread([cancel, delay = random.below(3000)] {
      std::this_thread::sleep_for(std::chrono::microseconds(delay));
      *cancel = true;
    });
  const auto prefill = [&](std::vector<uint32_t> tokens, Cancel flag) {
    await<size_t>([&](auto done) { session->prefill(std::move(tokens), flag, done); });
  };
  const std::vector<uint32_t> first(prompt.begin(), prompt.begin() + cut), rest(prompt.begin() + cut, prompt.end());
  try {
    prefill(first, cancel);
  } catch (const Error& error) {
    if (canceller.joinable()) canceller.join();
    if (std::string(error.code) != "aborted" || !*cancel) throw;
    bench.cancelled++;
    if (session->length() != 0) fail("an aborted prefill changed the session");
    prefill(first, never());
  }
  if (canceller.joinable()) canceller.join();
  if (!rest.empty()) prefill(rest, never());

  std::vector<uint32_t> made;
  for (size_t calls = 0; made.size() < bench.answers[index].size(); calls++) {
    if (calls > 1000) fail("an answer does not end");
    if (random.below(6) == 0) {
      const std::vector<uint8_t> bytes = Snapshot::save(*session);
      SessionOptions options;
      options.share_key = "client 0";
      session = Snapshot::restore(bench.scheduler, options, bytes);
      bench.restored++;
    }
    const size_t count = std::min<size_t>(1 + random.below(4), bench.answers[index].size() - made.size());
    const auto draws = await<std::vector<Draw>>([&](auto done) {
      session->decode({count, warm(), index, prompt.size()}, never(), done);
    });
    for (uint32_t token : tokens_of(draws)) made.push_back(token);
  }
  if (made != bench.answers[index]) fail("answer " + std::to_string(index) + " differs from the one computed alone");
  bench.answered++;
}

// Two transcripts at once, re-derived token by token.
void replay_some(Bench& bench, Random& random) {
  std::vector<std::vector<uint32_t>> tokens;
  std::vector<size_t> indices;
  for (int i = 0; i < 2; i++) {
    indices.push_back(random.below(kPrompts));
    tokens.push_back(bench.prompts[indices.back()]);
    const auto& answer = bench.answers[indices.back()];
    tokens.back().insert(tokens.back().end(), answer.begin(), answer.end() - 1);
  }
  std::vector<Stream> streams;
  for (int i = 0; i < 2; i++) streams.push_back({tokens[i], 0, bench.prompts[indices[i]].size() - 1});
  const CancelFlag flag{false};
  std::atomic<size_t> rows{0};
  replay(*bench.scheduler, streams, "audits", flag, [&](const ReplayedRow& row) {
    rows++;
    if (!row.logits) return true;
    const size_t prompt = bench.prompts[indices[row.stream]].size();
    const Draw draw = sample(row.logits, bench.scheduler->model->config.vocabulary, warm(),
                             std::span(tokens[row.stream]).first(row.position + 1), prompt, indices[row.stream],
                             row.scratch);
    if (draw.token != bench.answers[indices[row.stream]][row.position + 1 - prompt]) fail("a replay differs");
    return true;
  });
  if (rows != tokens[0].size() + tokens[1].size()) fail("a replay left rows out");
  bench.replayed++;
}

void run_client(Bench& bench, uint64_t seed) {
  Random random(seed);
  while (!bench.stopping) {
    try {
      random.below(5) ? answer_one(bench, random) : replay_some(bench, random);
    } catch (const Error& error) {
      const std::string code = error.code;
      if (code == "busy") {
        bench.busy++;
        std::this_thread::sleep_for(std::chrono::milliseconds(1 + random.below(20)));  // as a client would wait
      } else if (!bench.stopping || (code != "closed" && code != "aborted")) {
        fail(code + ": " + error.what());
      }
    }
  }
}

// Groups take turns, whatever their sizes: counted, not timed.
void check_fairness() {
  FairQueue<int> queue;
  std::vector<int> items(70);
  for (int i = 0; i < 60; i++) queue.add("crowd", &items[i]);
  for (int i = 60; i < 70; i++) queue.add("client " + std::to_string(i), &items[i]);
  std::map<const int*, int> given;
  constexpr int kRounds = 110, kRows = 11;  // one row per group and round
  for (int round = 0; round < kRounds; round++) {
    queue.begin_round();
    for (int row = 0; row < kRows; row++) given[queue.next()]++;
  }
  for (int i = 60; i < 70; i++)
    if (given[&items[i]] != kRounds) fail("a client of one session got " + std::to_string(given[&items[i]]) + " rows");
  for (int i = 0; i < 60; i++)
    if (given[&items[i]] < 1 || given[&items[i]] > 2) fail("the sessions of one client do not take turns");
  queue.begin_round();
  size_t all = 0;
  while (queue.next()) all++;
  if (all != items.size()) fail("a round does not give every item once");
  for (int i = 0; i < 60; i++) queue.remove("crowd", &items[i]);
  for (int i = 60; i < 70; i++) queue.remove("client " + std::to_string(i), &items[i]);
  if (!queue.empty() || queue.next()) fail("the queue is not empty");
}

int stress(const char* path, double seconds, uint64_t seed) {
  check_fairness();
  Bench bench;
  {
    const ModelFile file(path);
    const Hash fingerprint = model_fingerprint(file.gguf());
    LoadOptions options;
    options.threads = 3;
    const auto model = std::make_shared<Model>(
        file.gguf(), options, [](double) {}, [](std::string_view) {});
    ServingOptions serving;
    const ModelConfig& config = model->config;
    serving.cache_bytes = 20 * PageShape{config.layers, config.kv_heads, config.head_width}.page_bytes();
    serving.step_ms = 5;
    serving.drafting = Drafting::on;
    serving.queued_max = kClients - 1;
    bench.scheduler = std::make_shared<Scheduler>(model, fingerprint, serving);
    bench.scheduler->grammars = std::make_shared<GrammarCache>(nullptr);  // no answer here follows a grammar
  }
  make_prompts(bench);
  std::vector<std::thread> clients;
  for (size_t i = 0; i < kClients; i++) clients.emplace_back([&bench, seed, i] { run_client(bench, seed * kClients + i); });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  bench.stopping = true;
  bench.scheduler->stop();  // while they are busy
  for (std::thread& client : clients) client.join();
  const PageStats pages = bench.scheduler->pages.stats();
  if (pages.used != 0 || pages.reserved != 0) fail("pages are still in use after all sessions have closed");
  std::printf(
      "{\"answers\":%llu,\"cancelled\":%llu,\"busy\":%llu,\"restored\":%llu,\"replayed\":%llu,\"evicted\":%llu,"
      "\"sharedPositions\":%llu,\"steps\":%llu,\"rows\":%llu,\"drafted\":%llu,\"draftsKept\":%llu}\n",
      (unsigned long long)bench.answered, (unsigned long long)bench.cancelled, (unsigned long long)bench.busy,
      (unsigned long long)bench.restored, (unsigned long long)bench.replayed, (unsigned long long)pages.evicted,
      (unsigned long long)pages.shared_positions, (unsigned long long)bench.scheduler->stats().steps,
      (unsigned long long)bench.scheduler->stats().rows, (unsigned long long)bench.scheduler->stats().drafted,
      (unsigned long long)bench.scheduler->stats().kept);
  return 0;
}

}  // namespace
}  // namespace aria

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: stress MODEL.gguf SECONDS SEED\n");
    return 2;
  }
  return aria::stress(arguments[1], std::atof(arguments[2]), std::strtoull(arguments[3], nullptr, 10));
}
