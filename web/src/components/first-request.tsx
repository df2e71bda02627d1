import { CodeLine } from './ui/code-line.tsx'
import { EmptyState } from './ui/empty-state.tsx'

/** `npm start` puts the gateway this many ports above the dashboard, whatever its --port-base. */
const GATEWAY_PORT_OFFSET = 10
/** Where the dashboard is without a proxy in front; with one, its port says nothing. */
const DASHBOARD_PORT = 4600

/** The empty network's invitation: the line that makes the first paid request. */
export function FirstRequest() {
  const { hostname, port } = window.location
  const gatewayPort = Number(port || DASHBOARD_PORT) + GATEWAY_PORT_OFFSET
  const url = `http://${hostname}:${gatewayPort}/v1/chat/completions`
  const body = '{"model":"aria-1","stream":true,"messages":[{"role":"user","content":"Tell me a story"}]}'
  return (
    <EmptyState title="No requests yet">
      Paste this line into a terminal; the paid answer’s receipt appears here unless the gateway keeps it
      private.
      <CodeLine code={`curl -N ${url} -H 'content-type: application/json' -d '${body}'`} what="curl line" />
    </EmptyState>
  )
}
