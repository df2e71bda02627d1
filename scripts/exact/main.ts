// npm run exact [-- --json]: the same bits everywhere.
import { parseArgs } from 'node:util'
import { type Check, type Report, report } from '../checks.ts'
import { losslessChecks } from './lossless.ts'
import { nativeChecks } from './native.ts'
import { targetChecks } from './targets.ts'

const HELP = `npm run exact [-- options]: the same bits everywhere
  --json          print one JSON object {ok, checks, machine, commit}
  --only <part>   native (this machine's addon), lossless (its speed-ups, on against off) or targets (each kernel
                  table layer by layer, NEON, WebAssembly)
`
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const PARTS = { native: nativeChecks, lossless: losslessChecks, targets: targetChecks }

async function main(): Promise<void> {
  const { only } = values
  const names = (['native', 'lossless', 'targets'] as const).filter(
    name => only === undefined || only === name,
  )
  if (names.length === 0) throw new Error(`--only is "${only}"; use native, lossless or targets.`)
  const checks: Check[] = []
  for (const name of names)
    checks.push(...(await PARTS[name](text => void process.stderr.write(`${text}\n`))))
  print(report(checks))
}

function print(result: Report): void {
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else
    for (const { ok, name, value, unit } of result.checks)
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} ${value} ${unit}\n`)
  process.exitCode = result.ok ? 0 : 1
}

if (values.help) process.stdout.write(HELP)
else await main()
