import { formatAria } from '@aria/sdk/protocol'
import type { MoneyItem } from './item.ts'
import type { MoneyView } from './view.ts'

/** For people: each amount with its reason, its time, and below it the command that frees it. */
export function formatMoney({ items, totals, checks }: MoneyView): string {
  const lines = items.flatMap(item => [
    head(item),
    ...(item.command === undefined ? [] : [`      → ${item.command}`]),
  ])
  const sums = [
    `in escrow ${formatAria(totals.escrow)}, staked ${formatAria(totals.staking)}, in court ${formatAria(totals.court)} ARIA`,
    `promised by vouchers: ${formatAria(totals.promised)} ARIA (in the payers' channels until redeemed)`,
  ]
  const verdicts = checks.map(({ name, value, goal, ok }) =>
    ok
      ? `✓ ${name} equals the chain's events to the wei`
      : `✗ ${name} is ${value} wei, the events say ${goal}`,
  )
  const body = lines.length === 0 ? ['  Nothing is at rest.'] : lines
  return `${[...body, '', ...[...sums, ...verdicts].map(line => `  ${line}`)].join('\n')}\n`
}

function head({ kind, id, amount, why, until, parts }: MoneyItem): string {
  const name = id === undefined ? kind : `${kind} ${id.slice(0, 10)}…`
  const divided =
    parts === undefined
      ? ''
      : ` (owed ${formatAria(parts.owed)}, signed ahead ${formatAria(parts.ahead)}, free ${formatAria(parts.free)})`
  const time = until === undefined ? '' : `, until ${new Date(until * 1000).toISOString()}`
  return `  ${formatAria(amount)} ARIA  ${name}: ${why}${divided}${time}`
}
