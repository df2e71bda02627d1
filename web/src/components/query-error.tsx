import { ApiError } from '../lib/api.ts'
import { ErrorState } from './ui/error-state.tsx'

interface QueryErrorProps {
  what: string
  error: Error
  onRetry: () => void
}

/** A failed query in the indexer's own words. */
export function QueryError({ what, error, onRetry }: QueryErrorProps) {
  const hint = error instanceof ApiError ? error.hint : null
  return <ErrorState title={`Could not load ${what}`} message={error.message} hint={hint} onRetry={onRetry} />
}
