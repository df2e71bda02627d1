// Gas of each action as a whole transaction, on Hardhat's chain, against the goals and the committed snapshot.
//   npm run gas -w contracts [-- --json | --write]
import { writeFile } from 'node:fs/promises'
import { type Check, measured, report } from '../../scripts/checks.ts'
import { differences, GOALS, measureGas, readSnapshot, SNAPSHOT, TOLERANCE } from './gas/measure.ts'

const X402 = {
  redeem_one: 'x402_claim_one',
  redeem_marginal: 'x402_claim_marginal',
  redeem_50: 'x402_claim_50',
}

const gas = await measureGas()
if (process.argv.includes('--write')) {
  await writeFile(SNAPSHOT, `${JSON.stringify(gas, null, 2)}\n`)
}
const changed = differences(gas, await readSnapshot())
const checks = [
  ...Object.entries(gas).map(([name, value]) => check(name, value)),
  {
    name: 'gas.snapshot',
    value: changed.length,
    unit: `figures off by more than ${TOLERANCE * 100} %`,
    goal: '= 0',
    ok: changed.length === 0,
  },
]
const answer = report(checks)
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
else process.stdout.write(table(gas))
for (const line of changed) process.stderr.write(`Differs from the snapshot: ${line}\n`)
if (!answer.ok) process.exitCode = 1

function check(name: string, value: number): Check {
  const goal = GOALS[name]
  if (goal === undefined) return measured(`gas.${name}`, value, 'gas')
  return { name: `gas.${name}`, value, unit: 'gas', goal: `<= ${goal.most}`, ok: value <= goal.most }
}

function table(figures: Record<string, number>): string {
  const line = (...cells: readonly (string | number)[]) =>
    `${cells.map((cell, at) => (at === 0 ? String(cell).padEnd(28) : String(cell).padStart(12))).join('')}\n`
  const lines = Object.entries(figures)
    .filter(([name]) => !name.startsWith('x402'))
    .map(([name, value]) => {
      const { most = '', aim = '' } = GOALS[name] ?? {}
      const other = figures[X402[name as keyof typeof X402] ?? ''] ?? ''
      const verdict = most === '' ? '' : value <= Number(most) ? 'ok' : 'OVER'
      return line(name, value, most, aim, other, verdict)
    })
  return line('whole transaction', 'gas', 'goal', 'aim', 'x402 layout', '') + lines.join('')
}
