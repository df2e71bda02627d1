#include "snapshot.h"

#include <cstring>

#include "../base/fingerprint.h"
#include "../base/version.h"

namespace aria {
namespace {

constexpr char kMagic[8] = {'A', 'R', 'I', 'A', 'S', 'E', 'S', 'S'};
constexpr uint32_t kStopped = 1;

struct Header {
  char magic[8];
  uint32_t version, engine_major;
  Hash model;
  uint32_t flags, zero;
  uint64_t tokens_max, tokens, answer_start;
};
static_assert(sizeof(Header) == 80 && std::is_trivially_copyable_v<Header>, "Written to bytes as it is.");

[[noreturn]] void bad(const std::string& what) {
  throw Error("bad_session", "The saved session " + what + "; prefill its tokens again instead.");
}

// The last position is left out: its logits are not saved either, so it is computed again when they are asked for.
size_t saved_positions(size_t tokens) { return tokens > 0 ? tokens - 1 : 0; }

Header checked_header(const Scheduler& scheduler, std::span<const uint8_t> bytes) {
  Header header;
  if (bytes.size() < Snapshot::bytes(scheduler, 0))
    bad("has " + std::to_string(bytes.size()) + " bytes, fewer than an empty one");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) bad("does not begin with ARIASESS");
  if (header.version != kSnapshotVersion)
    bad("has version " + std::to_string(header.version) + ", expected " + std::to_string(kSnapshotVersion));
  if (header.engine_major != kEngineMajor)
    bad("was made by engine version " + std::to_string(header.engine_major) + ", this is " +
        std::to_string(kEngineMajor));
  if (header.model != scheduler.model_fingerprint) bad("belongs to another model file");
  const size_t context = scheduler.model->config.context;
  if (header.tokens > context) bad("claims " + std::to_string(header.tokens) + " tokens, more than the model's context");
  if (bytes.size() != Snapshot::bytes(scheduler, header.tokens))
    bad("has " + std::to_string(bytes.size()) + " bytes, expected " +
        std::to_string(Snapshot::bytes(scheduler, header.tokens)) + " for " + std::to_string(header.tokens) + " tokens");
  const Hash checksum = keccak256(bytes.data(), bytes.size() - sizeof(Hash));
  if (std::memcmp(checksum.data(), bytes.data() + bytes.size() - sizeof(Hash), sizeof(Hash)) != 0)
    bad("is damaged: its checksum differs");
  if ((header.flags & ~kStopped) != 0 || header.zero != 0) bad("has unknown flags");
  if (header.tokens_max == 0 || header.tokens_max > context || header.tokens > header.tokens_max)
    bad("holds " + std::to_string(header.tokens) + " of at most " + std::to_string(header.tokens_max) + " tokens");
  if (header.answer_start > header.tokens) bad("has an answer that starts beyond its end");
  return header;
}

}  // namespace

Hash model_fingerprint(const Gguf& gguf) {
  Fingerprint fingerprint;
  for (const auto& [key, value] : gguf.metadata) {
    if (key.starts_with("split.")) continue;  // how the model was cut into files
    fingerprint.add(key);
    fingerprint.add(value.bytes);
  }
  for (const Tensor& tensor : gguf.tensors) {
    fingerprint.add(tensor.name);
    fingerprint.add(tensor.type->name);
    fingerprint.add({reinterpret_cast<const char*>(tensor.shape.data()), tensor.shape.size() * sizeof(uint64_t)});
    fingerprint.add(tensor.bytes);
  }
  return fingerprint.hash();
}

size_t Snapshot::bytes(const Scheduler& scheduler, size_t tokens) {
  return sizeof(Header) + tokens * sizeof(uint32_t) +
         saved_positions(tokens) * scheduler.pages.shape().position_bytes() + sizeof(Hash);
}

size_t Snapshot::bytes_max(const Scheduler& scheduler) { return bytes(scheduler, scheduler.model->config.context); }

std::vector<uint8_t> Snapshot::save(const Session& session) {
  const Scheduler& scheduler = *session.scheduler_;
  const size_t tokens = session.sequence_.size();
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kSnapshotVersion;
  header.engine_major = kEngineMajor;
  header.model = scheduler.model_fingerprint;
  header.flags = session.stopped_ ? kStopped : 0;
  header.tokens_max = session.options_.tokens_max;
  header.tokens = tokens;
  header.answer_start = session.answer_start_;

  std::vector<uint8_t> bytes(Snapshot::bytes(scheduler, tokens));
  uint8_t* out = bytes.data();
  std::memcpy(out, &header, sizeof header);
  out += sizeof header;
  if (tokens > 0) std::memcpy(out, session.sequence_.data(), tokens * sizeof(uint32_t));
  out += tokens * sizeof(uint32_t);
  const PageShape& shape = scheduler.pages.shape();
  for (size_t begin = 0; begin < saved_positions(tokens); begin += kPagePositions) {
    const size_t count = std::min(kPagePositions, saved_positions(tokens) - begin);
    read_positions(shape, *session.cache_.pages[begin / kPagePositions], count, out);
    out += count * shape.position_bytes();
  }
  const Hash checksum = keccak256(bytes.data(), size_t(out - bytes.data()));
  std::memcpy(out, checksum.data(), checksum.size());
  return bytes;
}

std::shared_ptr<Session> Snapshot::restore(std::shared_ptr<Scheduler> scheduler, SessionOptions options,
                                           std::span<const uint8_t> bytes) {
  const Header header = checked_header(*scheduler, bytes);
  std::vector<uint32_t> tokens(header.tokens);
  const uint8_t* in = bytes.data() + sizeof header;
  if (!tokens.empty()) std::memcpy(tokens.data(), in, tokens.size() * sizeof(uint32_t));
  in += tokens.size() * sizeof(uint32_t);
  const size_t vocabulary = scheduler->model->config.vocabulary;
  for (uint32_t token : tokens)
    if (token >= vocabulary) bad("holds token " + std::to_string(token) + ", outside the vocabulary");
  if (options.tokens_max == 0) options.tokens_max = header.tokens_max;
  if (tokens.size() > options.tokens_max)
    throw Error("context_full", "The saved session holds " + std::to_string(tokens.size()) + " tokens; at most " +
                                    std::to_string(options.tokens_max) + " are allowed.");

  const PageShape shape = scheduler->pages.shape();
  auto session = std::make_shared<Session>(std::move(scheduler), std::move(options));
  session->need_pages(saved_positions(tokens.size()));
  for (size_t begin = 0; begin < saved_positions(tokens.size()); begin += kPagePositions) {
    const size_t count = std::min(kPagePositions, saved_positions(tokens.size()) - begin);
    write_positions(shape, in, count, *session->cache_.pages[begin / kPagePositions]);
    in += count * shape.position_bytes();
  }
  session->computed_ = saved_positions(tokens.size());
  session->sequence_ = std::move(tokens);
  session->answer_start_ = header.answer_start;
  session->stopped_ = (header.flags & kStopped) != 0;
  session->offers_pages_ = false;
  return session;
}

}  // namespace aria
