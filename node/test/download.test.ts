import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AriaError } from '@aria/sdk/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { download } from '../models/download.ts'

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251))
const sha256 = createHash('sha256').update(content).digest('hex')

/** A file server as real ones are: validators, ranges, and connections that break. */
interface Behaviour {
  etag: string | undefined
  body: Buffer
  /** Sends only so many bytes of a body; the connection breaks once they have arrived. */
  breakAfter: number | undefined
  status: number | undefined
}

describe('download', () => {
  let server: Server
  let folder: string
  let url: string
  let served: Behaviour
  let ranges: (string | undefined)[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aria-models-'))
    served = { etag: '"one"', body: content, breakAfter: undefined, status: undefined }
    ranges = []
    server = createServer(answer)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/owner/model.gguf`
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })

  function answer(request: IncomingMessage, response: ServerResponse): void {
    ranges.push(request.headers.range)
    if (served.status !== undefined) {
      response.writeHead(served.status).end()
      return
    }
    const isSame = served.etag !== undefined && request.headers['if-range'] === served.etag
    const from = isSame ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0
    if (from >= served.body.length) {
      response.writeHead(416).end()
      return
    }
    const rest = served.body.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': rest.length,
      ...(served.etag === undefined ? {} : { etag: served.etag }),
    })
    if (served.breakAfter === undefined) response.end(rest)
    else response.write(rest.subarray(0, served.breakAfter)) // and silence
  }

  const get = (extra: { sha256?: string; signal?: AbortSignal; url?: string } = {}) =>
    download({
      ...{ url, folder, signal: new AbortController().signal },
      onProgress: done => {
        if (done === served.breakAfter) server.closeAllConnections()
      },
      ...extra,
    })
  const failure = async (work: Promise<unknown>): Promise<AriaError> => {
    const thrown = await work.then(
      () => undefined,
      (error: unknown) => error,
    )
    if (thrown instanceof AriaError) return thrown
    throw new Error(`expected an AriaError, got ${String(thrown)}`)
  }

  it('fetches a file, tells its hash, and leaves nothing else behind', async () => {
    expect(await get({ sha256 })).toEqual({ path: join(folder, 'model.gguf'), bytes: content.length, sha256 })
    expect(readFileSync(join(folder, 'model.gguf'))).toEqual(content)
    expect(readdirSync(folder)).toEqual(['model.gguf'])
  })

  it('goes on where it broke off', async () => {
    served.breakAfter = 100_000
    expect(await failure(get())).toMatchObject({ code: 'provider_failed' })
    const kept = readFileSync(join(folder, 'model.gguf.part')).length
    expect(kept).toBeGreaterThan(0)
    served.breakAfter = undefined
    await get({ sha256 })
    expect(ranges).toEqual([undefined, `bytes=${kept}-`])
    expect(readFileSync(join(folder, 'model.gguf'))).toEqual(content)
  })

  it.each([
    ['the file changed meanwhile', '"two"'],
    ['the server has no strong validator', 'W/"one"'],
    ['the server has no validator', undefined],
  ])('starts again when %s', async (_why, etag) => {
    served.breakAfter = 100_000
    if (etag !== '"two"') served.etag = etag
    await failure(get())
    served = {
      etag,
      body: Buffer.concat([content, Buffer.from('!')]),
      breakAfter: undefined,
      status: undefined,
    }
    await get()
    expect(readFileSync(join(folder, 'model.gguf'))).toEqual(served.body)
  })

  it('starts again when the part is longer than the file', async () => {
    served.breakAfter = 100_000
    await failure(get())
    served.breakAfter = undefined
    served.body = content.subarray(0, 1_000)
    await get()
    expect(readFileSync(join(folder, 'model.gguf'))).toEqual(served.body)
  })

  it('deletes a file with another hash than expected', async () => {
    expect(await failure(get({ sha256: '0'.repeat(64) }))).toMatchObject({ code: 'bad_proof' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('stops when asked to, and keeps the part', async () => {
    served.breakAfter = 100_000
    const stop = new AbortController()
    const work = download({ url, folder, signal: stop.signal, onProgress: () => stop.abort() })
    expect(await failure(work)).toMatchObject({ code: 'cancelled' })
    expect(existsSync(join(folder, 'model.gguf.part'))).toBe(true)
  })

  it('says when there is no such file', async () => {
    served.status = 404
    expect(await failure(get())).toMatchObject({ code: 'not_found', message: expect.stringContaining('404') })
  })

  it.each([
    'model.gguf',
    'ftp://host/model.gguf',
    'http://host/',
    'http://host/model.bin',
    'http://host/a%2f..%2fmodel.gguf',
    `http://host/${'a'.repeat(201)}.gguf`,
  ])('refuses %s', async address => {
    expect(await failure(get({ url: address }))).toMatchObject({ code: 'bad_request' })
    expect(readdirSync(folder)).toEqual([])
  })
})
