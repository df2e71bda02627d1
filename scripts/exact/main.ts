// npm run exact [-- --json]: the same bits everywhere.
import { parseArgs } from 'node:util'
import { report } from '../checks.ts'
import { targetChecks } from './targets.ts'

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const result = report(await targetChecks(text => void process.stderr.write(`${text}\n`)))
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else
  for (const { ok, name, value, unit } of result.checks)
    process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} ${value} ${unit}\n`)
process.exitCode = result.ok ? 0 : 1
