import type { ErrorComponentProps } from '@tanstack/react-router'
import { Card } from '../components/ui/card.tsx'
import { ErrorState } from '../components/ui/error-state.tsx'

/** A part of the page threw: an answer of another version, or our bug. */
export function CrashPage({ error, reset }: ErrorComponentProps) {
  return (
    <Card title="This page cannot be shown" flush>
      <ErrorState
        title="The dashboard stumbled over an answer of the indexer"
        message={error instanceof Error ? error.message : String(error)}
        hint="If it stays, dashboard and indexer are of different versions: build again with `npm run build -w web`."
        onRetry={reset}
      />
    </Card>
  )
}
