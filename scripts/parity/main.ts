// npm run parity [-- --json] [--only <text>]: our logits and token ids beside llama.cpp's, for every format and
// architecture, and the memory that loading takes.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { tokenizerParity } from '../../engine/test/support/token-parity.ts'
import { type Check, report } from '../checks.ts'
import { CASES } from './cases.ts'
import { caseChecks, fileChecks } from './logits.ts'
import { memoryChecks } from './memory.ts'
import { closePeers } from './peer.ts'
import { fileTokenizerChecks } from './tokenizers.ts'

const BUILT_IN = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))
const HELP = `npm run parity [-- options]
  --json         print one JSON object {ok, checks, machine, commit}
  --only <text>  only the parts whose name contains the text
`

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
})

const PARTS: readonly (readonly [string, () => Promise<Check[]>])[] = [
  ['aria-1.file', () => fileChecks('aria-1.file', BUILT_IN)],
  ['tokenizer.aria-1', () => fileTokenizerChecks('aria-1', BUILT_IN)],
  ['tokenizer', tokenizerParity],
  ...CASES.map(one => [one.name, () => caseChecks(one)] as const),
  ['load', memoryChecks],
]

/** A part that fails to run is a failed check, not the end of the others. */
async function checksOf(name: string, run: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await run()
  } catch (error) {
    const value = error instanceof Error ? error.message : String(error)
    return [{ name: `parity.${name}`, value, unit: 'error', goal: 'none', ok: false }]
  }
}

async function main(): Promise<void> {
  const checks: Check[] = []
  for (const [name, run] of PARTS.filter(([part]) => part.includes(values.only))) {
    const found = await checksOf(name, run)
    for (const check of found)
      process.stderr.write(`${check.ok ? ' ok ' : 'MISS'}  ${check.name}  ${check.value} ${check.unit}\n`)
    checks.push(...found)
  }
  await closePeers()
  const answer = report(checks)
  if (values.json) process.stdout.write(`${JSON.stringify(answer)}\n`)
  process.exitCode = answer.ok && checks.length > 0 ? 0 : 1
}

if (values.help) process.stdout.write(HELP)
else await main()
