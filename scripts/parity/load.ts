// node load.ts <model>: loads and runs a model in this process alone and prints the memory that it took.
import { readFileSync } from 'node:fs'
import { loadModel } from '../../engine/index.ts'

/** Bytes of resident memory; `cache` is what the keys and values of the tokens read need of it. */
export interface LoadMemory {
  before: number
  peak: number
  after: number
  cache: number
}

const TOKENS = 4

/** A line of /proc/self/status. */
function statusBytes(name: 'VmRSS' | 'VmHWM'): number {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))
  if (!line) throw new Error(`/proc/self/status has no ${name}; loading is measured on Linux only.`)
  return Number(line[1]) * 1024
}

const path = process.argv[2]
if (path === undefined) throw new Error('Give the model to load.')
const before = statusBytes('VmRSS')
const model = await loadModel(path, { threads: 2 })
const peak = statusBytes('VmHWM')
const session = model.createSession()
await session.prefill(new Uint32Array(TOKENS))
const memory: LoadMemory = { before, peak, after: statusBytes('VmRSS'), cache: 0 }
process.stdout.write(JSON.stringify(memory))
await model.close()
