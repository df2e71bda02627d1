// What this machine can do at most: int8 dot products (VPDPBUSD) and reading memory. One line of JSON on stdout.
// usage: probe <threads> <MiB>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

#if defined(__x86_64__)
bool has_vnni() { return __builtin_cpu_supports("avx512vnni"); }

// Multiplications and additions of int8 per second, counted as two operations per product, on one thread.
__attribute__((target("avx512f,avx512vnni"))) double vnni_operations_per_second() {
  constexpr long kRounds = 20'000'000;
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a;
  const __m512i x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(2);
  const double start = now();
  for (long round = 0; round < kRounds; round++) {
#define DOT(sum) __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y))
    DOT(a); DOT(b); DOT(c); DOT(d); DOT(e);
    DOT(f); DOT(g); DOT(h); DOT(i); DOT(j);
#undef DOT
  }
  return 10.0 * double(kRounds) * 64 * 2 / (now() - start);
}

__attribute__((target("avx512f"))) double read_wide(const char* from, size_t bytes) {
  __m512i sums[8];
  for (__m512i& sum : sums) sum = _mm512_setzero_si512();
  const double start = now();
  for (size_t at = 0; at + 512 <= bytes; at += 512)
#pragma GCC unroll 8
    for (int line = 0; line < 8; line++)
      sums[line] = _mm512_or_si512(sums[line], _mm512_loadu_si512(from + at + 64 * line));
  const double seconds = now() - start;
  for (int line = 1; line < 8; line++) sums[0] = _mm512_or_si512(sums[0], sums[line]);
  volatile long long sink = _mm512_reduce_or_epi64(sums[0]);
  (void)sink;
  return double(bytes) / seconds;
}
#else
bool has_vnni() { return false; }
double vnni_operations_per_second() { return 0; }
double read_wide(const char*, size_t) { return 0; }
#endif

double read_plain(const char* from, size_t bytes) {
  const double start = now();
  unsigned long long sums[8] = {};
  const auto* words = reinterpret_cast<const unsigned long long*>(from);
  for (size_t i = 0; i + 8 <= bytes / 8; i += 8)
    for (int lane = 0; lane < 8; lane++) sums[lane] |= words[i + size_t(lane)];
  const double seconds = now() - start;
  volatile unsigned long long sink = 0;
  for (unsigned long long sum : sums) sink = sink | sum;
  return double(bytes) / seconds;
}

// Sum over threads that run together.
template <class Work>
double together(int threads, const Work& work) {
  std::vector<double> rates(static_cast<size_t>(threads));
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; t++)
    pool.emplace_back([&, t] { rates[size_t(t)] = work(t); });
  for (std::thread& thread : pool) thread.join();
  double sum = 0;
  for (double rate : rates) sum += rate;
  return sum;
}

}  // namespace

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::max(1, std::atoi(arguments[1])) : 1;
  const size_t bytes = (count > 2 ? size_t(std::max(1, std::atoi(arguments[2]))) : 512) << 20;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::fprintf(stderr, "probe: cannot allocate %zu bytes\n", bytes);
    return 1;
  }
#ifdef MADV_HUGEPAGE
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  std::memset(memory, 1, bytes);
  const size_t share = bytes / size_t(threads) / 512 * 512;
  const auto* data = static_cast<const char*>(memory);
  double read = 0, operations = 0;
  for (int round = 0; round < 3; round++) {
    read = std::max(read, together(threads, [&](int t) {
      const char* from = data + size_t(t) * share;
      return has_vnni() ? read_wide(from, share) : read_plain(from, share);
    }));
    if (has_vnni()) operations = std::max(operations, together(threads, [](int) { return vnni_operations_per_second(); }));
  }
  std::printf("{\"threads\":%d,\"readGBps\":%.3f,\"vnniTops\":%.4f}\n", threads, read / 1e9, operations / 1e12);
}
