// The figures that were promised, against what was measured.
import { atLeast, atMost, type Check, measured } from '../../checks.ts'
import type { Results } from './measure.ts'

const GROWTH_MB_MAX = 64

export function goals(
  results: Results,
  { streams, isPinned }: { streams: number; isPinned: boolean },
): Check[] {
  const { pairs, ttft, payment, crowd } = results
  return [
    ...(pairs.size > 0 ? keptChecks(pairs) : []),
    ...(ttft === undefined ? [] : ttftChecks(ttft)),
    ...(crowd === undefined ? [] : crowdChecks(crowd, streams)),
    ...(payment === undefined ? [] : paymentChecks(payment)),
    measured('pinned', Number(isPinned), '1: provider and bare engine on a core of their own'),
  ]
}

/** By the clock, on one core that engine and node share; and by CPU time, which other programs disturb less. */
function keptChecks(pairs: Results['pairs']): Check[] {
  return [...pairs].flatMap(([count, pair]) => {
    const goal = count === 1 ? 0.97 : 0.95
    return [
      atLeast(
        `market.kept.${count}`,
        pair.marketTokensPerSecond / pair.bareTokensPerSecond,
        goal,
        'of bare engine',
      ),
      atLeast(`market.kept_cpu.${count}`, pair.bareCpuMs / pair.providerCpuMs, goal, 'of bare engine'),
      measured(`bare.${count}.tokens_per_s`, pair.bareTokensPerSecond, 'tokens/s'),
      measured(`market.${count}.tokens_per_s`, pair.marketTokensPerSecond, 'tokens/s'),
      measured(`bare.${count}.cpu_ms`, pair.bareCpuMs, 'CPU-ms/token'),
      measured(`market.${count}.provider_cpu_ms`, pair.providerCpuMs, 'CPU-ms/token'),
      measured(`market.${count}.buyers_cpu_ms`, pair.buyersCpuMs, 'CPU-ms/token'),
    ]
  })
}

function ttftChecks({ addedMs, bareMs, marketMs }: NonNullable<Results['ttft']>): Check[] {
  return [
    atMost('market.added_ttft_ms', addedMs, 15, 'ms'),
    measured('bare.ttft_ms', bareMs, 'ms'),
    measured('market.ttft_ms', marketMs, 'ms'),
  ]
}

function crowdChecks(crowd: NonNullable<Results['crowd']>, streams: number): Check[] {
  return [
    atLeast('market.streams', crowd.openMax, streams, 'streams at once'),
    atMost('market.memory_growth_mb', crowd.growthBytes / 2 ** 20, GROWTH_MB_MAX, 'MB after warm-up'),
    measured('market.crowd.tokens_per_s', crowd.tokensPerSecond, 'tokens/s'),
    measured('market.crowd.memory_mb', crowd.ownBytes / 2 ** 20, 'MB'),
  ]
}

function paymentChecks(payment: NonNullable<Results['payment']>): Check[] {
  return [
    atMost('market.payment_cpu_share', payment.cpuShare, 0.01, "of the tokens' CPU time"),
    measured('market.payment.cpu_ms', payment.paymentCpuMs, 'CPU-ms'),
    measured('market.payment.tokens_cpu_ms', payment.tokensCpuMs, 'CPU-ms'),
    measured('market.payment.provider_main_share', payment.provider.payment, 'of its main thread'),
    measured('market.payment.buyers_main_share', payment.buyers.payment, 'of their main thread'),
  ]
}
