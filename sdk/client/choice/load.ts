import type { Address } from '../../protocol/index.ts'

/** Our own requests per provider, counted from the moment of choice: a burst then spreads by itself. */
export interface Load {
  begin(node: Address): () => void
  count(node: Address): number
}

export function createLoad(): Load {
  const running = new Map<Address, number>()
  const count = (node: Address) => running.get(node) ?? 0

  return {
    count,
    begin(node) {
      running.set(node, count(node) + 1)
      return () => {
        if (count(node) <= 1) running.delete(node)
        else running.set(node, count(node) - 1)
      }
    },
  }
}
