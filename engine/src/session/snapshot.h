#pragma once
// A session as bytes, so that it can go on later, in another process or on another machine with the same model file, with
// the same bits. The checksum finds damage, not forgery: whoever can write the bytes decides what the session says next.
//
// Layout, little endian:
//   "ARIASESS" | version u32 | engine major u32 | model fingerprint [32] | flags u32 (1: the answer has ended) | 0 u32 |
//   maximal tokens u64 | tokens u64 | answer start u64 | tokens u32 each |
//   keys and values of all positions but the last, page by page (ops/cache.h, read_positions) | keccak256 of all before [32]
#include "session.h"

namespace aria {

constexpr uint32_t kSnapshotVersion = 1;

// Of everything in a model file that results follow from.
Hash model_fingerprint(const Gguf& gguf);

class Snapshot {
 public:
  // While no job of the session runs. From any thread.
  static std::vector<uint8_t> save(const Session& session);

  // Exactly how many bytes a session of this model with so many tokens takes, and the most that any takes.
  static size_t bytes(const Scheduler& scheduler, size_t tokens);
  static size_t bytes_max(const Scheduler& scheduler);

  // Errors: bad_session (damaged, of another format or model), context_full, busy (the cache is in use). `options` are as
  // for a new session; its tokens_max of 0 is the saved one.
  static std::shared_ptr<Session> restore(std::shared_ptr<Scheduler> scheduler, SessionOptions options,
                                          std::span<const uint8_t> bytes);
};

}  // namespace aria
