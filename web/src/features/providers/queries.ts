import type { ProviderDetail, ProviderSummary } from '@aria/indexer/api'
import { queryOptions } from '@tanstack/react-query'
import { getJson } from '../../lib/api.ts'

export const providersQuery = () =>
  queryOptions({
    queryKey: ['providers'],
    queryFn: ({ signal }) => getJson<ProviderSummary[]>('/api/providers', signal),
  })

export const providerQuery = (operator: string) =>
  queryOptions({
    queryKey: ['providers', operator],
    queryFn: ({ signal }) =>
      getJson<ProviderDetail>(`/api/providers/${encodeURIComponent(operator)}`, signal),
  })
