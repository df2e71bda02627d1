import type { ErrorBody } from '@aria/indexer/api'

/** A local answer takes milliseconds; a longer silence is a failure worth showing. */
const TIMEOUT_MS = 10_000

/** What went wrong between the dashboard and the indexer, in words a person can act on. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | null

  constructor(status: number, { code, message, hint }: ErrorBody['error'], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.hint = hint
  }
}

/** Reads one resource of the indexer. @throws ApiError for anything that is not a JSON answer with status 2xx. */
export async function getJson<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await ask(path, signal)
  const body = await readJson(response, path)
  if (!response.ok) throw new ApiError(response.status, errorOf(body, response, path))
  return body as T
}

async function ask(path: string, signal: AbortSignal): Promise<Response> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
    return await fetch(path, { signal: limit, headers: { accept: 'application/json' } })
  } catch (cause) {
    if (signal.aborted) throw cause
    throw new ApiError(
      0,
      {
        code: 'indexer_unreachable',
        message: 'The indexer does not answer.',
        hint: 'Is it running? `npm start` starts the whole local network; this page reconnects by itself.',
      },
      cause,
    )
  }
}

async function readJson(response: Response, path: string): Promise<unknown> {
  try {
    return await response.json()
  } catch (cause) {
    throw new ApiError(response.status, notOurs(response, path), cause)
  }
}

function errorOf(body: unknown, response: Response, path: string): ErrorBody['error'] {
  const error = (body as Partial<ErrorBody> | null)?.error
  return typeof error?.message === 'string' ? error : notOurs(response, path)
}

function notOurs(response: Response, path: string): ErrorBody['error'] {
  return {
    code: 'bad_answer',
    message: `${path} answered with status ${response.status} and no ARIA body.`,
    hint: 'Something else may be listening on this port, or dashboard and indexer are of different versions.',
  }
}

/** `/api/requests?operator=0x…`; parameters that are undefined are left out. */
export function apiPath(path: string, parameters: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, `${value}`)
  return query.size === 0 ? path : `${path}?${query}`
}
