import { CodeLine } from './ui/code-line.tsx'
import { EmptyState } from './ui/empty-state.tsx'

/** The gateway's default port (`aria gateway`, `npm start`); the indexer does not know a changed one. */
const GATEWAY_PORT = 4610

/** The empty network's invitation: the line that makes the first paid request. */
export function FirstRequest() {
  const url = `http://${window.location.hostname}:${GATEWAY_PORT}/v1/chat/completions`
  const body = '{"model":"aria-1","stream":true,"messages":[{"role":"user","content":"Tell me a story"}]}'
  return (
    <EmptyState title="No requests yet">
      Paste this line into a terminal; the paid answer’s receipt appears here unless the gateway keeps it
      private.
      <CodeLine code={`curl -N ${url} -H 'content-type: application/json' -d '${body}'`} what="curl line" />
    </EmptyState>
  )
}
