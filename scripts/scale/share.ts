// Holds a process to a fixed share of one core, however much more is free.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

export interface Share {
  /** `cgroup`, or `signals` where control groups are not permitted. */
  readonly how: 'cgroup' | 'signals'
  release(): void
}

/** The kernel's control group: after its quota of each period the group waits for the next. */
const PERIOD_US = 50_000
const GROUPS_V1 = '/sys/fs/cgroup/cpu'
const GROUPS_V2 = '/sys/fs/cgroup'
/** Its share is meant to be given as well as limited, on a machine that does other things. */
const WEIGHT_V1 = '16384'
const WEIGHT_V2 = '10000'

export function holdTo(pid: number, share: number, cpuMs: () => number): Share {
  return byGroup(pid, share) ?? bySignals(pid, share, cpuMs)
}

/** Buyers stand for machines of their own: other programs of this one should not slow them, where that is permitted. */
export function prefer(pid: number): Share | undefined {
  return byGroup(pid, undefined)
}

/** Without a share the group is only preferred. */
function byGroup(pid: number, share: number | undefined): Share | undefined {
  const isV1 = existsSync(join(GROUPS_V1, 'cpu.cfs_quota_us'))
  const group = join(isV1 ? GROUPS_V1 : GROUPS_V2, `aria-scale-${pid}`)
  const quota = share === undefined ? undefined : String(Math.round(PERIOD_US * share))
  try {
    mkdirSync(group)
    const write = (file: string, text: string) => writeFileSync(join(group, file), text)
    if (isV1) {
      write('cpu.cfs_period_us', String(PERIOD_US))
      write('cpu.cfs_quota_us', quota ?? '-1')
      write('cpu.shares', WEIGHT_V1)
    } else {
      write('cpu.max', `${quota ?? 'max'} ${PERIOD_US}`)
      write('cpu.weight', WEIGHT_V2)
    }
    write('cgroup.procs', String(pid))
    return { how: 'cgroup', release: () => removeGroup(group) }
  } catch {
    removeGroup(group) // Not permitted: signals do it.
    return undefined
  }
}

/** Possible once its process has ended. */
function removeGroup(group: string): void {
  try {
    rmdirSync(group)
  } catch {
    // Never made, or still in use: an empty group costs nothing.
  }
}

const CHECK_MS = 10

/** Stops the process whenever it has used more CPU time than its share of the time so far. */
function bySignals(pid: number, share: number, cpuMs: () => number): Share {
  const [startedMs, usedMs] = [performance.now(), cpuMs()]
  let isStopped = false
  const timer = setInterval(() => {
    const allowedMs = (performance.now() - startedMs) * share
    const mustStop = cpuMs() - usedMs > allowedMs
    if (mustStop === isStopped) return
    isStopped = mustStop
    signal(pid, isStopped ? 'SIGSTOP' : 'SIGCONT')
  }, CHECK_MS)
  return {
    how: 'signals',
    release: () => {
      clearInterval(timer)
      signal(pid, 'SIGCONT')
    },
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}

/**
 * Large enough that what an idle provider needs (network, chain: about 3 % of a core) is a small part of it; all together
 * small enough that buyers and chain are not what limits.
 */
export function shareOf(providers: number): number {
  const SHARE_MAX = 0.08
  const PROVIDERS_PART = 0.32
  return Math.min(SHARE_MAX, (availableParallelism() * PROVIDERS_PART) / providers)
}
