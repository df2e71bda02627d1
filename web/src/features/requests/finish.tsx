import type { RequestView } from '@aria/indexer/api'

const WORDS: Record<RequestView['finish'], string> = {
  stop: 'complete',
  length: 'length limit',
  cancelled: 'cancelled',
  error: 'error',
  voucher_timeout: 'no voucher',
  context_full: 'context full',
}

/** Why the answer ended; everything but the two ordinary ends stands out. */
export function Finish({ finish }: { finish: RequestView['finish'] }) {
  const ordinary = finish === 'stop' || finish === 'length'
  return <span className={ordinary ? 'text-soft' : 'text-warn'}>{WORDS[finish]}</span>
}
