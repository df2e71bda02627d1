// Loaded into a process that is measured (node --import): what it used, and where its main thread spent its time.
import { readFileSync } from 'node:fs'
import { type Profiler, Session } from 'node:inspector/promises'
import { answerCommands } from './commands.ts'

export interface Usage {
  /** CPU milliseconds of the whole process, and of its main thread. */
  processMs: number
  mainMs: number
  /** Memory of its own: without files that are mapped. */
  ownBytes: number
}

export function usage(): Usage {
  const total = process.cpuUsage()
  const main = process.threadCpuUsage()
  return {
    processMs: (total.user + total.system) / 1000,
    mainMs: (main.user + main.system) / 1000,
    ownBytes: ownBytes(),
  }
}

function ownBytes(): number {
  if (process.platform !== 'linux') return process.memoryUsage().rss
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

const SAMPLE_MICROSECONDS = 250
const session = new Session()

export async function startProfile(): Promise<null> {
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS })
  await session.post('Profiler.start')
  return null
}

export async function stopProfile(): Promise<Profiler.Profile> {
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return profile
}

answerCommands({
  usage: () => {
    globalThis.gc?.()
    return usage()
  },
  startProfile,
  stopProfile,
})
