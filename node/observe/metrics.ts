/** Every counter the node keeps; Prometheus names. */
export const COUNTERS = [
  'aria_requests_total',
  'aria_requests_rejected_total',
  'aria_requests_failed_total',
  'aria_streams_resumed_total',
  'aria_tokens_prompt_total',
  'aria_tokens_generated_total',
  'aria_vouchers_total',
  'aria_redemptions_total',
  'aria_peer_violations_total',
] as const
export type Counter = (typeof COUNTERS)[number]

export interface Metrics {
  count(name: Counter, by?: number): void
  read(): Readonly<Record<Counter, number>>
}

export function createMetrics(): Metrics {
  const values = Object.fromEntries(COUNTERS.map(name => [name, 0])) as Record<Counter, number>
  return {
    count: (name, by = 1) => {
      values[name] += by
    },
    read: () => ({ ...values }),
  }
}
