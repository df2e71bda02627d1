#include "keccak.h"

#include <bit>
#include <cstring>

namespace aria {
namespace {

constexpr size_t kRate = 136;  // bytes absorbed per permutation
constexpr int kRounds = 24;

constexpr uint64_t kRoundConstants[kRounds] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
// Lanes in the order of the pi permutation, starting after lane 1, with the rho rotation of each.
constexpr int kPi[kRounds] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};
constexpr int kRho[kRounds] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                               27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};

void permute(uint64_t* state) {
  for (uint64_t round_constant : kRoundConstants) {
    uint64_t parity[5];
    for (int x = 0; x < 5; x++) parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
    for (int x = 0; x < 5; x++)
      for (int y = 0; y < 25; y += 5) state[y + x] ^= parity[(x + 4) % 5] ^ std::rotl(parity[(x + 1) % 5], 1);
    uint64_t carried = state[1];
    for (int i = 0; i < kRounds; i++) {
      const uint64_t next = state[kPi[i]];
      state[kPi[i]] = std::rotl(carried, kRho[i]);
      carried = next;
    }
    for (int y = 0; y < 25; y += 5) {
      uint64_t row[5];
      std::memcpy(row, state + y, sizeof row);
      for (int x = 0; x < 5; x++) state[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
    state[0] ^= round_constant;
  }
}

void absorb(uint64_t* state, const uint8_t* block) {
  for (size_t i = 0; i < kRate / 8; i++) {
    uint64_t lane;
    std::memcpy(&lane, block + i * 8, 8);  // little endian, like every target of the engine
    state[i] ^= lane;
  }
  permute(state);
}

}  // namespace

Hash keccak256(const uint8_t* data, size_t size) {
  uint64_t state[25] = {};
  for (; size >= kRate; data += kRate, size -= kRate) absorb(state, data);
  uint8_t last[kRate] = {};
  if (size) std::memcpy(last, data, size);
  last[size] ^= 0x01;
  last[kRate - 1] ^= 0x80;
  absorb(state, last);
  Hash hash;
  std::memcpy(hash.data(), state, hash.size());
  return hash;
}

std::string hex(const Hash& hash) {
  std::string text;
  for (uint8_t byte : hash) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace aria
