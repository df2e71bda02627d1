import type { Page, RequestView } from '@aria/indexer/api'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { apiPath, getJson } from '../../lib/api.ts'

export const REQUESTS_PER_PAGE = 25

export interface RequestsFilter {
  operator?: string | undefined
  /** Cursor of an older page. */
  before?: string | undefined
  limit?: number
}

export const requestsQuery = ({ operator, before, limit = REQUESTS_PER_PAGE }: RequestsFilter = {}) =>
  queryOptions({
    queryKey: ['requests', { operator, before, limit }],
    queryFn: ({ signal }) =>
      getJson<Page<RequestView>>(apiPath('/api/requests', { operator, before, limit }), signal),
    placeholderData: keepPreviousData,
  })
