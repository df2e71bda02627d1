import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './api.ts'

/** Events say when to refetch; this is only the net under a missed one. */
const REFETCH_MS = 30_000
const RETRIES_MAX = 2

/** Trying again helps when the indexer is away or broken, never when it says that the question is wrong. */
function retry(failures: number, error: Error): boolean {
  const ours = error instanceof ApiError && error.status >= 400 && error.status < 500
  return !ours && failures < RETRIES_MAX
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { retry, refetchInterval: REFETCH_MS, staleTime: REFETCH_MS } },
  })
}
