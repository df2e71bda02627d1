/** What the address bar may ask for; anything else in it is dropped, never passed on. */
const ADDRESS = /^0x[0-9a-f]{40}$/
const CURSOR_LENGTH_MAX = 200

export interface AuditsSearch {
  operator?: string | undefined
}

export interface RequestsSearch extends AuditsSearch {
  /** Cursor of an older page. */
  before?: string | undefined
}

export function auditsSearch(search: Record<string, unknown>): AuditsSearch {
  const operator = `${search.operator}`.toLowerCase()
  return ADDRESS.test(operator) ? { operator } : {}
}

export function requestsSearch(search: Record<string, unknown>): RequestsSearch {
  // The router reads a cursor of digits as a number.
  const before = typeof search.before === 'number' ? `${search.before}` : search.before
  const usable = typeof before === 'string' && before !== '' && before.length <= CURSOR_LENGTH_MAX
  return { ...auditsSearch(search), ...(usable && { before }) }
}
