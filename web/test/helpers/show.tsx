import { createMemoryHistory } from '@tanstack/react-router'
import { cleanup, configure, render } from '@testing-library/react'
import { afterEach, beforeEach, vi } from 'vitest'
import { App } from '../../src/app/app.tsx'
import { createAppRouter } from '../../src/app/router.tsx'
import { createQueryClient } from '../../src/lib/query-client.ts'
import { fakeEvents } from './fake-events.ts'
import { type FakeNetwork, fakeNetwork } from './fake-network.ts'
import { audit, epochPoint, NOW, networkView, provider, request } from './fixtures.ts'

/** On a busy machine a render takes its time; a passing test never waits for this. */
configure({ asyncUtilTimeout: 15_000 })

export interface Stage {
  network: FakeNetwork
  events: ReturnType<typeof fakeEvents>
  /** Opens the dashboard at an address. */
  show: (address: string) => ReturnType<typeof createAppRouter>
}

/** A working network in every test of a file; each test changes the answers that it is about. */
export function stage(): Stage {
  const made = {} as Stage
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW * 1000, toFake: ['Date'] })
    made.events = fakeEvents()
    made.network = workingNetwork()
    made.show = show
  })
  afterEach(() => {
    cleanup()
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  return made
}

function workingNetwork(): FakeNetwork {
  const network = fakeNetwork()
  network.answer('/api/network', networkView())
  network.answer('/api/network/series', [epochPoint()])
  network.answer('/api/providers', [provider()])
  network.answer('/api/requests', { items: [request()], next: null })
  network.answer('/api/audits', [audit()])
  return network
}

function show(address: string): ReturnType<typeof createAppRouter> {
  const client = createQueryClient()
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } })
  const router = createAppRouter(createMemoryHistory({ initialEntries: [address] }))
  render(<App client={client} router={router} />)
  return router
}
