import type { ChangeEvent } from '@aria/indexer/api'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { followChanges, type LiveState } from '../../lib/live.ts'
import { LiveContext } from './live-context.ts'
import { refetcher } from './refetch.ts'

const EVENTS_URL = '/api/events'
const RECENT_MAX = 30

/** Follows the indexer's events for the whole page: one connection, however many components look at it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const [state, setState] = useState<LiveState>('connecting')
  const [recent, setRecent] = useState<ChangeEvent[]>([])

  useEffect(() => {
    const refetch = refetcher(client)
    let opened = false
    const unfollow = followChanges({
      url: EVENTS_URL,
      onState: next => {
        setState(next)
        if (next === 'reconnecting') refetch.whetherAway()
        if (next !== 'live') return
        if (opened) refetch.everything()
        opened = true
      },
      onChange: change => {
        refetch.changed(change)
        if (change.kind !== 'block') setRecent(before => [change, ...before].slice(0, RECENT_MAX))
      },
    })
    return () => {
      unfollow()
      refetch.stop()
    }
  }, [client])

  const live = useMemo(() => ({ state, recent }), [state, recent])
  return <LiveContext value={live}>{children}</LiveContext>
}
