import type { EpochPoint, NetworkView } from '@aria/indexer/api'
import { queryOptions } from '@tanstack/react-query'
import { getJson } from '../../lib/api.ts'

export const networkQuery = () =>
  queryOptions({
    queryKey: ['network'],
    queryFn: ({ signal }) => getJson<NetworkView>('/api/network', signal),
  })

export const seriesQuery = () =>
  queryOptions({
    queryKey: ['series'],
    queryFn: ({ signal }) => getJson<EpochPoint[]>('/api/network/series', signal),
  })
