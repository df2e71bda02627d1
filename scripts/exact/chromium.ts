// The WebAssembly module as a target, in a page of a real browser. The page gets the engine's own TypeScript files, with
// the types stripped, so nothing but the module's loader stands between.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { chromium, type Page } from 'playwright-core'
import type { Transcript, Verdict } from '../../engine/api/verify.ts'
import type { ModelTrace } from '../../engine/wasm/engine.ts'
import { chromiumPath } from '../../test/support/config.ts'
import type { Target } from './target.ts'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking']
const ENGINE = new URL('../../engine/', import.meta.url)
const PAGE = '<!doctype html><title>ARIA engine</title>'

/** Serves the page, the engine's files below /engine/ and opened models below /model/. */
async function serve(models: readonly string[]): Promise<Server> {
  const answer = async (path: string): Promise<[type: string, body: string | Uint8Array]> => {
    if (path === '/') return ['text/html', PAGE]
    const model = models[Number(/^\/model\/(\d+)$/.exec(path)?.[1] ?? Number.NaN)]
    if (model !== undefined) return ['application/octet-stream', await readFile(model)]
    const file = /^\/engine\/((?:[\w-]+\/)*[\w-]+\.(ts|wasm))$/.exec(path)
    if (!file) throw new Error(`no such page: ${path}`)
    const bytes = await readFile(new URL(file[1]!, ENGINE))
    return file[2] === 'wasm'
      ? ['application/wasm', bytes]
      : ['text/javascript', stripTypeScriptTypes(bytes.toString('utf8'))]
  }
  const server = createServer(async (request, response) => {
    try {
      const [type, body] = await answer(request.url ?? '/')
      response.writeHead(200, { 'content-type': type }).end(body)
    } catch (error) {
      response.writeHead(404).end(String(error))
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** Runs the body of an async function in the page; `argument` and its result are JSON. */
const inPage = <T>(page: Page, body: string, argument: unknown): Promise<T> =>
  page.evaluate(`(async argument => { ${body} })(${JSON.stringify(argument)})`)

const asJson = ({ prompt, output, sampling, seed }: Transcript): unknown => ({
  prompt: Array.from(prompt),
  output: Array.from(output),
  sampling,
  seed: String(seed),
})

const LOAD = `
  const { loadWasmEngine } = await import('/engine/wasm/engine.ts')
  globalThis.engine = await loadWasmEngine('/engine/wasm/aria-engine.wasm')
  globalThis.models = []`
const OPEN = `
  const response = await fetch('/model/' + argument)
  models[argument] = engine.openModel(await response.arrayBuffer())`
const VERIFY = `
  const { prompt, output, sampling, seed } = argument.transcript
  return models[argument.index].verify(
    { prompt: Uint32Array.from(prompt), output: Uint32Array.from(output), sampling, seed: BigInt(seed) })`

/** @throws when there is no Chromium, with how to get it. */
export async function chromiumTarget(): Promise<Target> {
  const models: string[] = []
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS })
  const server = await serve(models)
  const close = async (): Promise<void> => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  }
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await inPage(page, LOAD, null)
    return {
      name: `WebAssembly in Chromium ${browser.version()}`,
      knownAnswers: seed => inPage(page, `return engine.knownAnswers('wasm', argument)`, seed),
      async open(path) {
        const index = models.push(path) - 1
        await inPage(page, OPEN, index)
        return {
          trace: (tokens, chunk) =>
            inPage<ModelTrace>(
              page,
              'return models[argument.index].trace(Uint32Array.from(argument.tokens), argument.chunk)',
              { index, tokens: Array.from(tokens), chunk },
            ),
          verify: transcript => inPage<Verdict>(page, VERIFY, { index, transcript: asJson(transcript) }),
          close: () => inPage(page, 'models[argument].close()', index),
        }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
