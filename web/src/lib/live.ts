import type { ChangeEvent } from '@aria/indexer/api'

export type LiveState = 'connecting' | 'live' | 'reconnecting'

/** After a refused connection the browser gives up; we try again at this pace. */
const RETRY_MS = 3000

const KINDS: readonly string[] = [
  'block',
  'request',
  'redeemed',
  'offer',
  'audit',
  'reward',
  'epoch',
] satisfies ChangeEvent['kind'][]

export interface LiveInit {
  url: string
  onState: (state: LiveState) => void
  onChange: (change: ChangeEvent) => void
}

/** Follows the indexer's changes until the returned function is called. */
export function followChanges({ url, onState, onChange }: LiveInit): () => void {
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined

  const open = () => {
    source = new EventSource(url)
    source.onopen = () => onState('live')
    source.onerror = () => {
      onState('reconnecting')
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS)
    }
    source.addEventListener('change', event => {
      const change = parseChange(event.data)
      if (change !== null) onChange(change)
    })
  }
  open()

  return () => {
    clearTimeout(retry)
    source?.close()
  }
}

/** Null for what this page does not know: a newer indexer may send more. */
export function parseChange(text: string): ChangeEvent | null {
  const value = readObject(text)
  const known = typeof value?.kind === 'string' && KINDS.includes(value.kind)
  const placed = typeof value?.block === 'number' && typeof value.time === 'number'
  return known && placed ? (value as ChangeEvent) : null
}

function readObject(text: string): Partial<ChangeEvent> | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
