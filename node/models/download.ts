import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AriaError } from '@aria/sdk/protocol'

export interface DownloadInit {
  url: string
  folder: string
  /** Lower-case hex; the download fails when the file's differs. */
  sha256?: string | undefined
  signal: AbortSignal
  onProgress?(doneBytes: number, totalBytes: number | undefined): void
}

export interface Downloaded {
  path: string
  bytes: number
  sha256: string
}

const BYTES_MAX = 2 ** 40
/** A server that sends nothing for so long is gone; the part on disk stays, to go on from. */
const STALL_MS = 30_000

/**
 * Downloads one file over HTTP(S) into a folder. What arrived stays in `<name>.part` when the transfer breaks off, and
 * the next call goes on from there as long as the server's file is the same (RFC 9110, Range and If-Range).
 * @throws AriaError `bad_request` for a URL that names no GGUF file, `not_found`, `provider_failed` when the transfer
 * breaks off, `bad_proof` for another hash than expected, `cancelled`.
 */
export async function download(init: DownloadInit): Promise<Downloaded> {
  const url = parseUrl(init.url)
  const path = join(init.folder, decodeURIComponent(basename(url.pathname)))
  const part = `${path}.part`
  await mkdir(init.folder, { recursive: true })
  const have = await partOf(part)
  const { response, start, etag } = await request(url, have, init.signal)
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  const total = Number.isFinite(length) ? start + length : undefined
  await checkRoom(url, init.folder, total, start)
  if (start === 0) await rm(part, { force: true })
  if (etag !== undefined) await writeFile(`${part}.etag`, etag)
  await append(response, part, start, total, init)
  const sha256 = await fileSha256(part)
  if (init.sha256 !== undefined && sha256 !== init.sha256) {
    await forget(part)
    throw new AriaError('bad_proof', `${url.href} has SHA-256 ${sha256}, expected ${init.sha256}.`, {
      hint: 'Check the address and the expected hash; what was downloaded is deleted.',
    })
  }
  await rename(part, path)
  await forget(part)
  return { path, bytes: (await stat(path)).size, sha256 }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  const name = url === undefined ? '' : basename(url.pathname)
  if (url !== undefined && isWeb && /^[\w.%+-]{1,200}\.gguf$/.test(name) && !/%2f|%5c/i.test(name)) return url
  throw new AriaError('bad_request', `"${text}" is no address of a GGUF file.`, {
    hint: 'Give an http(s) address that ends in .gguf, such as https://huggingface.co/<owner>/<model>/resolve/main/<file>.gguf.',
  })
}

interface Part {
  bytes: number
  etag: string | undefined
}

async function partOf(part: string): Promise<Part> {
  try {
    return { bytes: (await stat(part)).size, etag: await readFile(`${part}.etag`, 'utf8') }
  } catch {
    return { bytes: 0, etag: undefined } // without a validator nobody can say that the rest belongs to this beginning
  }
}

interface Answer {
  response: Response
  /** Where the body begins. */
  start: number
  etag: string | undefined
}

async function request(url: URL, have: Part, signal: AbortSignal): Promise<Answer> {
  const headers: Record<string, string> =
    have.etag !== undefined && have.bytes > 0 ? { range: `bytes=${have.bytes}-`, 'if-range': have.etag } : {}
  let response: Response
  try {
    response = await fetch(url, { headers, signal })
  } catch (cause) {
    throw brokenOff(url, signal, 0, cause)
  }
  // 416: the part is already the whole file, or longer than what the server has now. Ask for all of it.
  if (response.status === 416) return request(url, { bytes: 0, etag: undefined }, signal)
  if (!response.ok) {
    throw new AriaError('not_found', `${url.href} answered ${response.status} ${response.statusText}.`, {
      hint: 'Check the address in a browser; a private file needs no login here.',
    })
  }
  const header = response.headers.get('etag') ?? ''
  const etag = header === '' || header.startsWith('W/') ? undefined : header // a weak validator cannot resume
  return { response, start: response.status === 206 ? have.bytes : 0, etag }
}

async function checkRoom(url: URL, folder: string, total: number | undefined, start: number): Promise<void> {
  if (total === undefined) return
  if (total > BYTES_MAX)
    throw new AriaError('bad_request', `${url.href} has ${total} bytes; at most ${BYTES_MAX} are downloaded.`)
  const { bavail, bsize } = await statfs(folder)
  if (total - start <= bavail * bsize) return
  throw new AriaError(
    'bad_config',
    `${url.href} needs ${total - start} more bytes; ${bavail * bsize} are free.`,
    {
      hint: `Free some space on the disk of ${folder}, or choose another folder with --folder.`,
    },
  )
}

async function append(
  response: Response,
  part: string,
  start: number,
  total: number | undefined,
  { url, signal, onProgress }: DownloadInit,
): Promise<void> {
  const file = await open(part, 'a')
  let done = start
  try {
    const reader = response.body!.getReader()
    for (;;) {
      const chunk = await nextChunk(reader)
      if (chunk === undefined) break
      await file.writeFile(chunk)
      done += chunk.length
      if (done > (total ?? BYTES_MAX))
        throw new Error(`the server sent more than ${total ?? BYTES_MAX} bytes`)
      onProgress?.(done, total)
    }
    if (total !== undefined && done < total) throw new Error(`it ended after ${done} of ${total} bytes`)
    await file.sync()
  } catch (cause) {
    throw brokenOff(new URL(url), signal, done, cause)
  } finally {
    await file.close()
  }
}

async function nextChunk(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | undefined> {
  const stalled = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => stalled.reject(new Error(`nothing arrived for ${STALL_MS / 1000} s`)),
    STALL_MS,
  )
  try {
    const { value } = await Promise.race([reader.read(), stalled.promise])
    return value
  } catch (thrown) {
    void reader.cancel(thrown).catch(() => {})
    throw thrown
  } finally {
    clearTimeout(timer)
  }
}

function brokenOff(url: URL, signal: AbortSignal, done: number, cause: unknown): AriaError {
  if (signal.aborted)
    return new AriaError('cancelled', `The download stopped after ${done} bytes.`, {
      hint: 'Run the same command again to go on from there.',
      cause,
    })
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new AriaError('provider_failed', `The download of ${url.href} broke off: ${reason}.`, {
    hint: 'Run the same command again: it goes on where it stopped.',
    cause,
  })
}

/** SHA-256 of a file's bytes, lower-case hex. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

async function forget(part: string): Promise<void> {
  for (const file of [part, `${part}.etag`]) await rm(join(dirname(part), basename(file)), { force: true })
}
