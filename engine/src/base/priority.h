#pragma once
// Where and how urgently a thread runs. All of it is best effort: a system that refuses leaves the thread as it is.
#include <cstddef>
#if defined(__linux__)
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <pthread.h>
#include <pthread/qos.h>
#endif

namespace aria {

// The calling thread gives way to everything else on the machine.
inline void lower_thread_priority() {
#if defined(__linux__)
  // Not SCHED_IDLE: a thread that gets no time at all may hold a lock that the event loop waits for.
  const sched_param parameters{};
  sched_setscheduler(0, SCHED_BATCH, &parameters);
  constexpr int kNicest = 19;
  setpriority(PRIO_PROCESS, id_t(syscall(SYS_gettid)), kNicest);
#elif defined(__APPLE__)
  pthread_set_qos_class_self_np(QOS_CLASS_BACKGROUND, 0);
#endif
}

// The calling thread stays on the core number `index` of those that the process may use, if there are so many.
inline void pin_thread([[maybe_unused]] size_t index) {
#if defined(__linux__)
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  CPU_ZERO(&one);
  for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed) || index-- > 0) continue;
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
#endif
}

}  // namespace aria
