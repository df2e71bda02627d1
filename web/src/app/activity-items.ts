import type { AuditView, ChangeEvent, RequestView } from '@aria/indexer/api'
import type { Tone } from '../components/ui/badge.tsx'
import { count, plural } from '../lib/format.ts'

export interface ActivityItem {
  key: string
  time: number
  kind: string
  tone: Tone
  /** Whose doing it is; null for what concerns the whole network. */
  operator: string | null
  text: string
  wei: string | null
}

interface ActivitySources {
  requests: RequestView[]
  audits: AuditView[]
  changes: ChangeEvent[]
}

/** Requests and audits have lists of their own; a change event is only news where no list shows it. */
const CHANGE_TEXTS: Partial<Record<ChangeEvent['kind'], { kind: string; text: string }>> = {
  redeemed: { kind: 'Redeemed', text: 'Vouchers became money' },
  reward: { kind: 'Reward', text: 'A reward was claimed' },
  epoch: { kind: 'Epoch', text: 'An epoch closed' },
}

export function activityItems({ requests, audits, changes }: ActivitySources): ActivityItem[] {
  const items = [...requests.map(ofRequest), ...ofAudits(audits), ...changes.flatMap(ofChange)]
  // Several changes of one kind in one block are one line.
  const distinct = new Map(items.map(item => [item.key, item]))
  return [...distinct.values()].sort((a, b) => b.time - a.time)
}

function ofRequest({ receiptHash, endedAt, operator, outputTokens, cost, state }: RequestView): ActivityItem {
  return {
    key: receiptHash,
    time: endedAt,
    kind: 'Request',
    tone: state === 'failed' ? 'bad' : 'info',
    operator,
    text: plural(outputTokens, 'token'),
    wei: cost,
  }
}

/** Several verifiers check one provider's epoch at once: one line, and the worst verdict is the one to see. */
function ofAudits(audits: AuditView[]): ActivityItem[] {
  const byEpoch = Map.groupBy(audits, ({ epoch, operator }) => `${epoch}-${operator}`)
  return [...byEpoch].map(([key, [first, ...others]]) => {
    const worst = others.reduce((worse, next) => (next.failed > worse.failed ? next : worse), first!)
    const { operator, time, sampled, failed } = worst
    const result = failed > 0 ? `${failed} of ${sampled} failed` : `${sampled} passed`
    return {
      key,
      time,
      kind: 'Audit',
      tone: failed > 0 ? 'bad' : 'good',
      operator,
      text: `${result}, ${plural(others.length + 1, 'verifier')}`,
      wei: null,
    }
  })
}

function ofChange({ kind, block, time }: ChangeEvent): ActivityItem[] {
  const shown = CHANGE_TEXTS[kind]
  if (shown === undefined) return []
  return [
    {
      key: `${kind}-${block}`,
      time,
      kind: shown.kind,
      tone: 'neutral',
      operator: null,
      text: `${shown.text} in block ${count(block)}`,
      wei: null,
    },
  ]
}
