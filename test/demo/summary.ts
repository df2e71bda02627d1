import { formatAria } from '@aria/sdk/protocol'
import {
  atLeast,
  type Check,
  exactly,
  measured as figure,
  percentile,
  type Report,
  report,
} from '../../scripts/checks.ts'
import type { DemoResult } from './main.ts'

interface ProviderRow {
  name: string
  tampers: boolean
  requests: number
  inputTokens: number
  outputTokens: number
  paid: string
  redeemed: string
  rewards: string
  auditsPassed: number
  auditsFailed: number
  score: number | null
}

export interface DemoReport extends Report {
  requests: number
  inputTokens: number
  outputTokens: number
  paid: string
  redeemed: string
  burned: string
  providers: ProviderRow[]
  gasPerToken: number
  money: Record<string, string>
  failures: string[]
}

const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n)
const total = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)

function rows(result: DemoResult): ProviderRow[] {
  return [...result.names].map(([operator, name]) => {
    const served = result.measured.filter(one => one.operator === operator)
    const audits = result.audits.filter(audit => audit.operator.toLowerCase() === operator)
    const known = result.providers.find(provider => provider.operator.toLowerCase() === operator)
    return {
      name,
      tampers: operator === result.tamperer,
      requests: served.length,
      inputTokens: total(served.map(({ inputTokens }) => inputTokens)),
      outputTokens: total(served.map(({ outputTokens }) => outputTokens)),
      paid: formatAria(sum(served.map(({ cost }) => cost))),
      redeemed: formatAria(BigInt(known?.earned ?? '0')),
      rewards: formatAria(
        sum(
          result.ledger.rewards
            .filter(reward => reward.operator.toLowerCase() === operator)
            .map(({ amount }) => amount),
        ),
      ),
      auditsPassed: audits.filter(({ failed }) => failed === 0).length,
      auditsFailed: audits.filter(({ failed }) => failed > 0).length,
      score: known?.score ?? null,
    }
  })
}

function checks(result: DemoResult, providers: ProviderRow[]): Check[] {
  const { measured, ledger } = result
  const tamperer = providers.find(({ tampers }) => tampers)!
  const honest = providers.filter(({ tampers }) => !tampers)
  const vouchers = total(ledger.redemptions.map(({ vouchers }) => vouchers))
  const gas = Number(sum(ledger.redemptions.map(({ gas }) => gas)))
  return [
    atLeast('demo.requests', measured.length, 20, 'requests'),
    exactly('demo.tamperer_caught', tamperer.auditsFailed > 0 && tamperer.score === 0 ? 1 : 0, 1, 'boolean'),
    exactly(
      'demo.honest_accused',
      honest.filter(({ auditsFailed, score }) => auditsFailed > 0 || score === 0).length,
      0,
      'providers',
    ),
    exactly('demo.money_identity', ledger.difference === 0n ? ledger.custody : ledger.difference, 0n, 'wei'),
    atLeast(
      'demo.redeemed_in_batch',
      Math.max(0, ...ledger.redemptions.map(({ vouchers }) => vouchers)),
      2,
      'vouchers in one transaction',
    ),
    exactly(
      'demo.rewards_claimed',
      honest.filter(({ rewards }) => rewards !== '0').length,
      honest.length,
      'honest providers',
    ),
    figure(
      'demo.ttft_ms.p50',
      percentile(
        measured.map(({ ttftMs }) => ttftMs),
        0.5,
      ),
      'ms',
    ),
    figure(
      'demo.ttft_ms.p95',
      percentile(
        measured.map(({ ttftMs }) => ttftMs),
        0.95,
      ),
      'ms',
    ),
    figure(
      'demo.tokens_per_s.p50',
      percentile(
        measured.map(({ tokensPerSecond }) => tokensPerSecond),
        0.5,
      ),
      'tokens/s per stream',
    ),
    figure(
      'demo.tokens_per_s.p95',
      percentile(
        measured.map(({ tokensPerSecond }) => tokensPerSecond),
        0.95,
      ),
      'tokens/s per stream',
    ),
    figure('demo.gas_per_voucher', gas / vouchers, 'gas'),
  ]
}

export function summarise(result: DemoResult): { report: DemoReport; table: string } {
  const { measured, ledger } = result
  const providers = rows(result)
  const outputTokens = total(measured.map(one => one.outputTokens))
  const gas = Number(sum(ledger.redemptions.map(redemption => redemption.gas)))
  const full: DemoReport = {
    ...report(checks(result, providers)),
    requests: measured.length,
    inputTokens: total(measured.map(one => one.inputTokens)),
    outputTokens,
    paid: formatAria(sum(measured.map(({ cost }) => cost))),
    redeemed: formatAria(sum(ledger.redemptions.map(({ amount }) => amount))),
    burned: formatAria(ledger.burned),
    providers,
    gasPerToken: Math.round((gas / outputTokens) * 100) / 100,
    money: {
      deposits: formatAria(ledger.deposits),
      providerIncome: formatAria(ledger.income),
      burnedFee: formatAria(ledger.burned),
      feeToBurn: formatAria(ledger.unburned),
      refundable: formatAria(ledger.refundable),
      inChannels: formatAria(ledger.inChannels),
      differenceWei: ledger.difference.toString(),
    },
    failures: result.audits.flatMap(({ reason }) => (reason === null ? [] : [reason])),
  }
  return { report: full, table: table(full) }
}

function table(report: DemoReport): string {
  const line = (cells: (string | number)[]) =>
    `  ${cells.map((cell, at) => String(cell).padEnd(at === 0 ? 12 : 16)).join('')}`
  return [
    '',
    line(['provider', 'requests', 'tokens out', 'paid', 'earned (net)', 'rewards', 'audits ok/bad', 'score']),
    ...report.providers.map(p =>
      line([
        p.name + (p.tampers ? ' *' : ''),
        p.requests,
        p.outputTokens,
        p.paid,
        p.redeemed,
        p.rewards.slice(0, 12),
        `${p.auditsPassed}/${p.auditsFailed}`,
        p.score ?? '–',
      ]),
    ),
    '  * tampers with its answers',
    '',
    ...Object.entries(report.money).map(([name, value]) => `  ${name.padEnd(18)}${value}`),
    '',
    ...report.checks.map(
      ({ name, value, unit, goal, ok }) =>
        `  ${ok ? '✓' : '✗'} ${name.padEnd(26)} ${value} ${unit}${goal === null ? '' : `   (goal ${goal})`}`,
    ),
    '',
    ...report.failures.slice(0, 3).map(reason => `  ! ${reason}`),
    `  ${report.machine} · ${report.commit}`,
    '',
  ].join('\n')
}
