import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type RpcProxy, startRpcProxy } from '../../scripts/chaos/rpc-proxy.ts'

const HANG_MS = 200
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A proxy before a server that answers with what it was asked and counts the questions. */
async function started(): Promise<{ proxy: RpcProxy; questions: string[] }> {
  const questions: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', part => {
      body += part
    })
    request.on('end', () => {
      questions.push(body)
      response.end(`answer to ${body}`)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise(resolve => server.close(resolve)))
  closing.push(async () => server.closeAllConnections())
  const proxy = await startRpcProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '127.0.0.1')
  closing.push(() => proxy.close())
  return { proxy, questions }
}

const ask = (url: string, body: string, signal?: AbortSignal) =>
  fetch(url, { method: 'POST', body, ...(signal !== undefined && { signal }) })

test('a healthy way to the chain passes question and answer on unchanged', async () => {
  const { proxy } = await started()

  expect(await (await ask(proxy.url, 'a')).text()).toBe('answer to a')
  expect(proxy.failed()).toBe(0)
})

test('an RPC refuses, errs, answers garbage, and heals', async () => {
  const { proxy, questions } = await started()

  proxy.fail('refuse')
  await expect(ask(proxy.url, 'a')).rejects.toThrow()
  proxy.fail('error')
  expect((await ask(proxy.url, 'b')).status).toBe(503)
  proxy.fail('garbage')
  expect(await (await ask(proxy.url, 'c')).text()).toContain('<html>')
  proxy.fail(undefined)
  expect(await (await ask(proxy.url, 'd')).text()).toBe('answer to d')

  expect(questions).toEqual(['d'])
  expect(proxy.failed()).toBe(3)
})

test('a question that hangs gets no answer until the RPC heals, and then none either', async () => {
  const { proxy, questions } = await started()

  proxy.fail('hang')
  await expect(ask(proxy.url, 'a', AbortSignal.timeout(HANG_MS))).rejects.toThrow()
  const held = ask(proxy.url, 'b').catch(() => 'closed')
  await new Promise(resolve => setTimeout(resolve, HANG_MS))
  proxy.fail(undefined)

  expect(await held).toBe('closed')
  expect(questions).toEqual([])
})

test('a question that is passed on twice reaches the chain twice and is answered once', async () => {
  const { proxy, questions } = await started()

  proxy.fail('twice')

  expect(await (await ask(proxy.url, 'a')).text()).toBe('answer to a')
  expect(questions).toEqual(['a', 'a'])
})
