// What loading a model takes: resident memory of a fresh process at its highest while loading, and afterwards.
import { execFileSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GgufTensor, writeGguf } from '../../engine/test/support/gguf-writer.ts'
import { tinyModel } from '../../engine/test/support/tiny-model.ts'
import { WEIGHT_TYPES, type WeightType } from '../../engine/test/support/weight-types.ts'
import { atMost, type Check } from '../checks.ts'
import type { LoadMemory } from './load.ts'

const PEAK_GOAL = 2.2
const AFTER_GOAL = 1.3
const SHAPE = { width: 2048, ffn: 8192, heads: 16, kvHeads: 4, headWidth: 128 }
/** About 300 MB each. The scale of every block lies at `scaleAt`; any other bytes are weights. */
const FILES: readonly { type: WeightType; layers: number; scaleAt: number }[] = [
  { type: 'q1_0', layers: 34, scaleAt: 0 },
  { type: 'tq1_0', layers: 23, scaleAt: 52 }, // the format that grows most when packed
]
const SCALE = 0x2c00 // 1/16 in half precision

/** A tiny model's file with its matrices replaced by large ones of random bytes. */
function writeLarge(path: string, type: WeightType, layers: number, scaleAt: number): void {
  const { block, bytes } = WEIGHT_TYPES[type]
  const file = tinyModel({ architecture: 'llama', layers: 1, seed: 3, shape: SHAPE })
  file.metadata['llama.block_count'] = { type: 'u32', value: layers }
  const chunk = (tensor: GgufTensor): Uint8Array => {
    const blocks = (tensor.shape[0]! / block) * tensor.shape[1]!
    const data = randomFillSync(new Uint8Array(blocks * bytes))
    for (let at = scaleAt; at < data.length; at += bytes) {
      data[at] = SCALE & 255
      data[at + 1] = SCALE >> 8
    }
    return data
  }
  const layer = file.tensors.filter(({ name }) => name.startsWith('blk.0.'))
  const rest = file.tensors.filter(({ name }) => !name.startsWith('blk.'))
  const repeated = Array.from({ length: layers }, (_, index) =>
    layer.map(tensor => {
      const name = tensor.name.replace('blk.0.', `blk.${index}.`)
      return tensor.shape.length === 1
        ? { ...tensor, name }
        : { ...tensor, name, type: WEIGHT_TYPES[type].id, data: chunk(tensor) }
    }),
  )
  const { bytes: content } = writeGguf({ ...file, tensors: [...rest, ...repeated.flat()] })
  const handle = openSync(path, 'w')
  writeSync(handle, content)
  closeSync(handle)
}

function measure(path: string): LoadMemory {
  const script = fileURLToPath(new URL('load.ts', import.meta.url))
  const output = execFileSync(process.execPath, [script, path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(output) as LoadMemory
}

export async function memoryChecks(): Promise<Check[]> {
  const folder = mkdtempSync(join(tmpdir(), 'aria-parity-'))
  try {
    const checks: Check[] = []
    for (const { type, layers, scaleAt } of FILES) {
      const path = join(folder, `${type}.gguf`)
      writeLarge(path, type, layers, scaleAt)
      const size = statSync(path).size
      const { before, peak, after, cache } = measure(path)
      const unit = `x the file of ${Math.round(size / 1e6)} MB`
      checks.push(
        atMost(`parity.load.${type}.peak_memory`, (peak - before) / size, PEAK_GOAL, unit),
        atMost(
          `parity.load.${type}.memory_after`,
          (after - before - cache) / size,
          AFTER_GOAL,
          `${unit}, without the KV cache`,
        ),
      )
      rmSync(path)
    }
    return checks
  } finally {
    rmSync(folder, { recursive: true })
  }
}
