// A network of our own between namespaces: every node has a TUN device, and this program carries the IP packets from one
// to another. On the way it can delay, drop, duplicate and reorder them, by rules per pair of nodes. The kernel's netem
// does the same where it is built in; many kernels come without it.
//
//   switch FIRST_TUN_NAME_PREFIX SUBNET(a.b.c) COUNT SEED
//
// Devices are named PREFIX0 (the hub, host 1 of the subnet) and PREFIX1 … PREFIXCOUNT (hosts 11 …). Commands on stdin:
//   rule FROM TO DELAY_US JITTER_US LOSS_PPM DUPLICATE_PPM REORDER_PPM     nodes 1 … COUNT, 0 for the hub
//   stats                                                                  prints one line of counts
// Ends with stdin; the devices go with it.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <queue>
#include <string>
#include <vector>

namespace {

constexpr int kNodesMax = 100;
constexpr size_t kPacketBytesMax = 2048;
// About 8 MiB under way; beyond, packets are dropped, as a full router drops them.
constexpr size_t kQueueMax = 4096;
constexpr int kHostHub = 1;
constexpr int kHostFirst = 11;
// A packet out of order comes this much later than the ones behind it.
constexpr int64_t kReorderUs = 15'000;
constexpr int kReadsPerTurn = 64;

struct Rule {
  int64_t delay_us = 0, jitter_us = 0;
  uint32_t loss_ppm = 0, duplicate_ppm = 0, reorder_ppm = 0;
};

struct Packet {
  int64_t due_us;
  uint64_t order;
  int to;
  std::vector<uint8_t> bytes;
  bool operator<(const Packet& other) const {
    return due_us != other.due_us ? due_us > other.due_us : order > other.order;
  }
};

uint64_t random_state;
// SplitMix64.
uint64_t next_random() {
  uint64_t mixed = (random_state += 0x9e3779b97f4a7c15u);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}
bool happens(uint32_t ppm) { return ppm > 0 && next_random() % 1'000'000 < ppm; }

int64_t now_us() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
}

int open_tun(const std::string& name) {
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -1;
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request) < 0) return -1;
  return fd;
}

Rule rules[kNodesMax + 1][kNodesMax + 1];
std::vector<int> devices;
std::priority_queue<Packet> queue;
uint64_t order = 0, carried = 0, dropped = 0, duplicated = 0, reordered = 0, delayed = 0;

void put(int to, const std::vector<uint8_t>& bytes) {
  if (write(devices[to], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) carried++;
}

// The node that an IPv4 packet goes to, or -1.
int receiver(const uint8_t* bytes, ssize_t size, const uint8_t* subnet) {
  if (size < 20 || bytes[0] >> 4 != 4 || memcmp(bytes + 16, subnet, 3) != 0) return -1;
  int host = bytes[19];
  if (host == kHostHub) return 0;
  int node = host - kHostFirst + 1;
  return node >= 1 && node < static_cast<int>(devices.size()) ? node : -1;
}

void carry(int from, int to, std::vector<uint8_t> bytes) {
  const Rule& rule = rules[from][to];
  if (happens(rule.loss_ppm)) {
    dropped++;
    return;
  }
  int copies = happens(rule.duplicate_ppm) ? 2 : 1;
  duplicated += copies - 1;
  int64_t late_us = rule.delay_us;
  if (rule.jitter_us > 0) late_us += next_random() % rule.jitter_us;
  if (happens(rule.reorder_ppm)) {
    late_us += kReorderUs;
    reordered++;
  }
  if (late_us > 0) delayed++;
  for (int copy = 0; copy < copies; copy++) {
    if (late_us == 0) put(to, bytes);
    else if (queue.size() < kQueueMax) queue.push({now_us() + late_us, order++, to, bytes});
    else dropped++;
  }
}

void obey(const char* line) {
  int from = 0, to = 0;
  long long delay = 0, jitter = 0;
  unsigned loss = 0, duplicate = 0, reorder = 0;
  if (sscanf(line, "rule %d %d %lld %lld %u %u %u", &from, &to, &delay, &jitter, &loss, &duplicate, &reorder) == 7) {
    int count = static_cast<int>(devices.size());
    if (from < 0 || to < 0 || from >= count || to >= count) return;
    rules[from][to] = {delay, jitter, loss, duplicate, reorder};
  } else if (strncmp(line, "stats", 5) == 0) {
    printf("stats %llu %llu %llu %llu %llu\n", static_cast<unsigned long long>(carried),
           static_cast<unsigned long long>(dropped), static_cast<unsigned long long>(delayed),
           static_cast<unsigned long long>(duplicated), static_cast<unsigned long long>(reordered));
    fflush(stdout);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return fprintf(stderr, "usage: switch PREFIX A.B.C COUNT SEED\n"), 2;
  int nodes = atoi(arguments[3]);
  unsigned a = 0, b = 0, c = 0;
  if (nodes < 1 || nodes > kNodesMax || sscanf(arguments[2], "%u.%u.%u", &a, &b, &c) != 3) return 2;
  const uint8_t subnet[3] = {static_cast<uint8_t>(a), static_cast<uint8_t>(b), static_cast<uint8_t>(c)};
  random_state = strtoull(arguments[4], nullptr, 10);
  for (int node = 0; node <= nodes; node++) {
    int fd = open_tun(arguments[1] + std::to_string(node));
    if (fd < 0) return perror("TUN device"), 1;
    devices.push_back(fd);
  }
  printf("ready\n");
  fflush(stdout);

  std::vector<pollfd> watched;
  for (int fd : devices) watched.push_back({fd, POLLIN, 0});
  watched.push_back({STDIN_FILENO, POLLIN, 0});
  std::string input;
  uint8_t buffer[kPacketBytesMax];
  for (;;) {
    int64_t wait_us = queue.empty() ? 1'000'000 : std::max<int64_t>(0, queue.top().due_us - now_us());
    timespec wait{wait_us / 1'000'000, wait_us % 1'000'000 * 1000};
    ppoll(watched.data(), watched.size(), &wait, nullptr);
    for (int node = 0; node <= nodes; node++) {
      if ((watched[node].revents & POLLIN) == 0) continue;
      for (int turn = 0; turn < kReadsPerTurn; turn++) {
        ssize_t size = read(devices[node], buffer, sizeof buffer);
        if (size <= 0) break;
        int to = receiver(buffer, size, subnet);
        if (to >= 0 && to != node) carry(node, to, {buffer, buffer + size});
      }
    }
    while (!queue.empty() && queue.top().due_us <= now_us()) {
      put(queue.top().to, queue.top().bytes);
      queue.pop();
    }
    if (watched[nodes + 1].revents != 0) {
      char text[4096];
      ssize_t size = read(STDIN_FILENO, text, sizeof text);
      if (size <= 0) return 0;
      input.append(text, size);
      for (size_t end; (end = input.find('\n')) != std::string::npos; input.erase(0, end + 1))
        obey(input.substr(0, end).c_str());
    }
  }
}
