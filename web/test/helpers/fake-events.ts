import type { ChangeEvent } from '@aria/indexer/api'
import { vi } from 'vitest'

export class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2
  static latest: FakeEventSource | undefined

  readyState = 0
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null
  readonly url: string

  constructor(url: string) {
    super()
    this.url = url
    FakeEventSource.latest = this
  }

  open(): void {
    this.readyState = 1
    this.onopen?.()
  }

  lose(): void {
    this.readyState = 0
    this.onerror?.()
  }

  send(change: ChangeEvent): void {
    this.dispatchEvent(new MessageEvent('change', { data: JSON.stringify(change) }))
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED
  }
}

export function fakeEvents(): () => FakeEventSource {
  vi.stubGlobal('EventSource', FakeEventSource)
  return () => FakeEventSource.latest!
}
