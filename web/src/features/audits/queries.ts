import type { AuditView } from '@aria/indexer/api'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { apiPath, getJson } from '../../lib/api.ts'

export const AUDITS_SHOWN = 100

export interface AuditsFilter {
  operator?: string | undefined
  limit?: number
}

export const auditsQuery = ({ operator, limit = AUDITS_SHOWN }: AuditsFilter = {}) =>
  queryOptions({
    queryKey: ['audits', { operator, limit }],
    queryFn: ({ signal }) => getJson<AuditView[]>(apiPath('/api/audits', { operator, limit }), signal),
    placeholderData: keepPreviousData,
  })
