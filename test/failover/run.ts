import { join } from 'node:path'
import { loadModel } from '@aria/engine'
import { atMost, type Check, exactly, measured } from '../../scripts/checks.ts'
import { seeded } from '../../sdk/test/helpers/random.ts'
import { ROOT } from '../architecture/sources.ts'
import { type Ledger, readLedger } from '../demo/ledger.ts'
import { type Kill, killOnce } from './kill.ts'
import { type FailoverMarketInit, startFailoverMarket } from './market.ts'

/** Answers that end before their provider is gone are asked again with another question, this many times as often. */
const TRIES_FACTOR = 3

export interface FailoverInit extends Omit<FailoverMarketInit, 'modelPath'> {
  count: number
  seed: number
}

export interface FailoverResult {
  kills: Kill[]
  ledger: Ledger
}

/** Starts a market, interrupts `count` streams by killing their providers, and stops everything again. */
export async function runFailover({ count, seed, ...init }: FailoverInit): Promise<FailoverResult> {
  const { signal, onStep } = init
  const modelPath = join(ROOT, 'models', 'aria-1.gguf')
  const model = await loadModel(modelPath, { threads: 1 })
  try {
    const market = await startFailoverMarket({ ...init, modelPath })
    try {
      const random = seeded(seed)
      const kills: Kill[] = []
      for (let index = 0; kills.length < count && index < count * TRIES_FACTOR; index++) {
        const kill = await killOnce({ market, model, random, signal }, index)
        if (kill === undefined) continue
        kills.push(kill)
        const { atToken, kept, pauseMs, isEqual, problem } = kill
        const verdict = problem ?? (isEqual ? 'equal' : 'DIFFERENT')
        onStep(
          `${kills.length}/${count}: killed at token ${atToken}, kept ${kept}, ${Math.round(pauseMs)} ms: ${verdict}`,
        )
      }
      return { kills, ledger: await readLedger(market.rpcUrl, market.deployment) }
    } finally {
      await market.stop()
    }
  } finally {
    await model.close()
  }
}

export function failoverChecks({ kills, ledger }: FailoverResult, count: number): Check[] {
  const overpaid = kills.map(({ overpaidWindows }) => overpaidWindows)
  return [
    exactly('failover.kills', kills.length, count, 'streams interrupted'),
    exactly('failover.completed', kills.filter(({ isCompleted }) => isCompleted).length, count, 'answers'),
    exactly('failover.equal', kills.filter(({ isEqual }) => isEqual).length, count, 'answers'),
    measured(
      'failover.continued',
      kills.filter(({ wasContinued }) => wasContinued).length,
      'on another provider',
    ),
    atMost('failover.overpaid_windows', Math.max(...overpaid), 1, 'windows, the worst'),
    exactly('failover.ledger_difference', ledger.difference, 0n, 'wei'),
    measured('failover.longest_pause_ms', Math.max(...kills.map(({ pauseMs }) => pauseMs)), 'ms'),
  ]
}
