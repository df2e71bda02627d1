import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from '../localnet/child.ts'
import type { Network } from './network.ts'

const READY_TIMEOUT_MS = 120_000
/** Room for the books, so that a full disk is full soon. */
const SMALL_DISK_MB = 16
const BALLAST = 'ballast'
/**
 * A heap that collects its garbage early: twenty processes share the machine, and what grows here is really held. Whoever
 * holds more than this ends, and is counted as crashed.
 */
const HEAP = '--max-old-space-size=128 --max-semi-space-size=2'

export type Role = 'provider' | 'client' | 'gateway' | 'indexer'

export interface NodeSpec {
  name: string
  role: Role
  /** Its place in the network, from 1. */
  place: number
  args: string[]
  env: Record<string, string>
  dataDir: string
  logDir: string
  /** Its data lies on a small disk of its own, which can be filled. */
  hasSmallDisk?: boolean
  /** Runs under libfaketime, so that its clock can be moved. */
  fakeTime?: string
}

/** One process of the market, which everything can happen to. */
export interface Node {
  readonly spec: NodeSpec
  pid(): number
  isUp(): boolean
  /** True until something was done to this process: only these are measured. */
  isUntouched(): boolean
  /** Exits that nobody asked for. */
  readonly crashes: string[]
  start(signal: AbortSignal): Promise<Record<string, unknown>>
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  stop(): Promise<void>
  /** Asks a program of ours to finish its work; it says so in its records. */
  finish(): void
  fillDisk(): void
  freeDisk(): void
  /** Seconds that its clock is ahead of the machine's. */
  setClock(aheadSeconds: number): void
  /** A copy of its data as of now, while it does not run. */
  saveState(): void
  restoreState(): void
  /** Takes away what it mounted. */
  dispose(): void
}

export function createNode(
  spec: NodeSpec,
  network: Network,
  baseEnv: Record<string, string | undefined>,
): Node {
  const { name, dataDir, logDir, place } = spec
  const clockFile = join(logDir, `${name}.clock`)
  const copy = `${dataDir}.old`
  const crashes: string[] = []
  let child: Child | undefined
  let isUp = false
  let isFrozen = false
  let isUntouched = true
  let isExpected = false

  mkdirSync(dataDir, { recursive: true })
  if (spec.hasSmallDisk === true)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_MB}m`, 'aria-chaos', dataDir])
  if (spec.fakeTime !== undefined) writeFileSync(clockFile, '+0s\n')

  const thaw = () => {
    if (!isFrozen) return
    isFrozen = false
    if (child !== undefined) process.kill(child.pid, 'SIGCONT')
  }

  return {
    spec,
    crashes,
    pid: () => child?.pid ?? 0,
    isUp: () => isUp,
    isUntouched: () => isUntouched,
    async start(signal) {
      const inside = network.inside(place, process.execPath, [
        '--disable-warning=ExperimentalWarning',
        ...spec.args,
      ])
      isExpected = false
      const started = startChild(
        {
          ...{ name, ...inside, ipc: true, logFile: join(logDir, `${name}.log`) },
          env: { ...spec.env, NODE_OPTIONS: HEAP, ARIA_DATA_DIR: dataDir, ...clockEnv(spec, clockFile) },
        },
        baseEnv,
      )
      child = started
      started.exited.then(how => {
        if (child === started) isUp = false
        if (!isExpected) crashes.push(`${name}: ${how}`)
      })
      const event = await started.ready(AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)]))
      isUp = true
      return event
    },
    async kill() {
      isUntouched = false
      isExpected = true
      isUp = false
      if (child === undefined) return
      process.kill(child.pid, 'SIGKILL')
      await child.exited
    },
    freeze() {
      isUntouched = false
      if (child === undefined || !isUp) return
      isFrozen = true
      process.kill(child.pid, 'SIGSTOP')
    },
    thaw,
    async stop() {
      thaw()
      isExpected = true
      isUp = false
      await child?.stop()
    },
    finish() {
      if (child !== undefined && isUp) process.kill(child.pid, 'SIGUSR2')
    },
    fillDisk() {
      isUntouched = false
      const { bavail, bsize } = statfsSync(dataDir)
      try {
        writeFileSync(join(dataDir, BALLAST), Buffer.alloc(Number(bavail) * Number(bsize)))
      } catch {
        // The disk is full, or as good as: the node wrote meanwhile.
      }
    },
    freeDisk: () => rmSync(join(dataDir, BALLAST), { force: true }),
    setClock(aheadSeconds) {
      isUntouched = false
      writeFileSync(clockFile, `${aheadSeconds < 0 ? '' : '+'}${aheadSeconds}s\n`)
    },
    saveState() {
      rmSync(copy, { recursive: true, force: true })
      cpSync(dataDir, copy, { recursive: true })
    },
    restoreState() {
      for (const entry of readdirSync(dataDir)) rmSync(join(dataDir, entry), { recursive: true })
      cpSync(copy, dataDir, { recursive: true })
    },
    dispose() {
      if (spec.hasSmallDisk === true) execFileSync('umount', [dataDir])
    },
  }
}

/** Only what people read as time is moved; timers go on as they are, as on a machine whose clock was set. */
function clockEnv({ fakeTime }: NodeSpec, clockFile: string): Record<string, string> {
  if (fakeTime === undefined) return {}
  return {
    ...{ LD_PRELOAD: fakeTime, FAKETIME_TIMESTAMP_FILE: clockFile, FAKETIME_CACHE_DURATION: '1' },
    ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1' },
  }
}

/** Debian's package `faketime`; undefined where it is not installed. */
export function fakeTimeLibrary(): string | undefined {
  const folders = ['/usr/lib', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
  return folders.map(folder => join(folder, 'faketime', 'libfaketimeMT.so.1')).find(existsSync)
}

/** Mounts of launchers that were killed before they could clean up. */
export function removeMounts(prefix: string): void {
  if (!existsSync('/proc/mounts')) return
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [device, path] = line.split(' ')
    if (device !== 'aria-chaos' || path === undefined || !path.startsWith(prefix)) continue
    const owner = path.slice(prefix.length).split('-')[0]
    if (!existsSync(`/proc/${owner}`)) execFileSync('umount', [path])
  }
}
