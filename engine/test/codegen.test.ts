// Compilers decide half of a kernel's speed: a register copied, or spilled, in the inner loop shows here as an
// instruction too many. What is counted: instructions of the innermost loop around the dot products, per dot product.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ADDON = fileURLToPath(new URL('../build/aria-engine.node', import.meta.url))

interface Instruction {
  readonly address: number
  readonly text: string
}

/** The addon's functions by demangled name; undefined where no objdump is installed. */
function disassemble(): Map<string, Instruction[]> | undefined {
  let text: string
  try {
    text = execFileSync('objdump', ['-d', '-C', '--no-show-raw-insn', '--section=.text', ADDON], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return undefined
  }
  const functions = new Map<string, Instruction[]>()
  let current: Instruction[] = []
  for (const line of text.split('\n')) {
    const name = /^[0-9a-f]+ <(.*)>:$/.exec(line)?.[1]
    if (name !== undefined) {
      current = []
      functions.set(name, current)
    }
    const [, address, instruction] = /^ *([0-9a-f]+):\t(.*)$/.exec(line) ?? []
    if (instruction !== undefined) current.push({ address: Number.parseInt(address!, 16), text: instruction })
  }
  return functions
}

/** The smallest loop, ended by a jump backwards, that holds the first such instruction. */
function innerLoop(instructions: readonly Instruction[], step: string): Instruction[] {
  const first = instructions.find(({ text }) => text.startsWith(step))?.address ?? 0
  const loops = instructions.flatMap(({ address, text }) => {
    const target = Number.parseInt(/^j\w+ +([0-9a-f]+)/.exec(text)?.[1] ?? '', 16)
    if (!(target <= first && address > first)) return []
    return [instructions.filter(at => at.address >= target && at.address <= address)]
  })
  return loops.sort((a, b) => a.length - b.length)[0] ?? []
}

const functions = process.arch === 'x64' ? disassemble() : undefined

interface Budget {
  readonly name: string
  readonly pattern: RegExp
  /** The instruction that is counted, where it is no dot product: a lookup, or a sum. */
  readonly step?: string
  readonly perDot: number
  readonly spills: number
}

// Measured with GCC 12, rounded up a little: the count per dot product, and zmm registers moved to or from the stack.
const BUDGETS: readonly Budget[] = [
  { name: 'decode of Q1_0', pattern: /linear_one<.*::Bits>/, perDot: 3.2, spills: 0 },
  { name: 'decode of Q2_0', pattern: /linear_one<.*Crumbs<\(aria::Packing\)8>/, perDot: 4.1, spills: 0 },
  { name: 'decode of TQ2_0', pattern: /linear_one<.*Crumbs<\(aria::Packing\)9>/, perDot: 3.0, spills: 0 },
  { name: 'decode of I2_S', pattern: /linear_one<.*Crumbs<\(aria::Packing\)10>/, perDot: 3.2, spills: 0 },
  { name: 'decode of Q8_0', pattern: /linear_one<.*::Bytes>/, perDot: 5.8, spills: 0 },
  { name: 'tiles of Q1_0', pattern: /tile<.*::Bits, 4ul, 6ul>/, perDot: 1.45, spills: 0 },
  { name: 'tiles of Q2_0', pattern: /tile<.*Crumbs<\(aria::Packing\)8>, 4ul, 6ul>/, perDot: 1.5, spills: 0 },
  { name: 'tiles of TQ2_0', pattern: /tile<.*Crumbs<\(aria::Packing\)9>, 4ul, 6ul>/, perDot: 1.8, spills: 0 },
  { name: 'tiles of I2_S', pattern: /tile<.*Crumbs<\(aria::Packing\)10>, 4ul, 6ul>/, perDot: 1.8, spills: 0 },
  {
    name: 'tiles of Q6_K',
    pattern: /tile_of_groups<.*::SixBits, 6ul>\(.*long, unsigned long\)$/,
    perDot: 4.4,
    spills: 0,
  },
  { name: 'lookups of Q1_0', pattern: /lookup_one/, step: 'vpermb', perDot: 4.2, spills: 0 },
  { name: 'tables of Q1_0', pattern: /table_tile<4ul>/, step: 'vpermw', perDot: 3.75, spills: 0 },
  { name: 'scores', pattern: /score_blocks<4ul, 4ul>/, step: 'vaddps', perDot: 2.95, spills: 0 }, // two requests to memory among 16 sums
]

// Without objdump, or on another architecture, there is nothing to count.
describe.runIf(functions !== undefined)('inner loops of the AVX-512 kernels (counted with objdump)', () => {
  test.each(BUDGETS)('$name stay within $perDot instructions per dot product', budget => {
    const found = [...functions!.keys()].filter(name => budget.pattern.test(name))
    expect(found).toHaveLength(1)

    const step = budget.step ?? 'vpdpbusd'
    const loop = innerLoop(functions!.get(found[0]!)!, step)
    const dots = loop.filter(({ text }) => text.startsWith(step)).length
    const spills = loop.filter(
      ({ text }) => /^vmov\w+ .*\(%r[sb]p/.test(text) && text.includes('%zmm'),
    ).length

    expect(dots).toBeGreaterThanOrEqual(8)
    expect(spills).toBeLessThanOrEqual(budget.spills)
    expect(loop.length / dots).toBeLessThanOrEqual(budget.perDot)
  })
})
