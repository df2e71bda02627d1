import type { ChangeEvent } from '@aria/indexer/api'
import { createContext, useContext } from 'react'
import type { LiveState } from '../../lib/live.ts'

export interface Live {
  state: LiveState
  /** Changes seen since the page was opened, newest first. */
  recent: ChangeEvent[]
}

export const LiveContext = createContext<Live>({ state: 'connecting', recent: [] })

export function useLive(): Live {
  return useContext(LiveContext)
}
