import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  checkReceiptBundle,
  parseReceiptBundle,
  RECEIPT_BUNDLE_CHARS_MAX,
  type ReceiptBundle,
  stringifyReceiptBundle,
} from '../protocol/index.ts'
import { collect, type Market, market, request } from './helpers/market.ts'

let running: Market
let bundle: ReceiptBundle

beforeAll(async () => {
  running = await market({ scripts: [{ output: Array.from({ length: 32 }, (_, at) => at * 1000) }] })
  const last = (await collect(running.client.infer(request()))).at(-1)
  if (last?.type !== 'receipt') throw new Error('no receipt')
  bundle = running.client.receipt(last.delivery.order.request.requestId)!
})

afterAll(async () => {
  await running.stop()
})

const failed = async (changed: ReceiptBundle) =>
  (await checkReceiptBundle(changed)).filter(({ ok }) => !ok).map(({ name }) => name)

test('a bundle survives its JSON form', () => {
  expect(parseReceiptBundle(stringifyReceiptBundle(bundle), 'test')).toEqual(bundle)
})

test('an honest bundle passes every check', async () => {
  expect(await failed(bundle)).toEqual([])
})

describe('a bundle with one thing changed fails the check of that thing', () => {
  test.each<[string, (b: ReceiptBundle) => ReceiptBundle, string]>([
    ['a token of the output', b => ({ ...b, output: b.output.with(3, 9) }), 'receipt.output'],
    ['a token of the prompt', b => ({ ...b, prompt: b.prompt.with(0, 9) }), 'receipt.prompt'],
    ['a token less', b => ({ ...b, output: b.output.slice(1) }), 'receipt.output_tokens'],
    ['the salt', b => ({ ...b, salt: b.receiptHash }), 'request.prompt'],
    ['the cost', b => ({ ...b, cost: b.cost + 1n }), 'receipt.cost'],
    [
      'the provider',
      b => ({ ...b, provider: { ...b.provider, node: b.channel.payer } }),
      'signature.receipt',
    ],
    ['the signer', b => ({ ...b, channel: { ...b.channel, signer: b.channel.payer } }), 'signature.request'],
    ['the payee', b => ({ ...b, provider: { ...b.provider, payee: b.channel.payer } }), 'request.channel'],
    ['the privacy', b => ({ ...b, channel: { ...b.channel, salt: 0n } }), 'receipt.flags'],
    ['the engine', b => ({ ...b, provider: { ...b.provider, engineMajor: 2 } }), 'receipt.sampling'],
    ['the price', b => ({ ...b, quote: { ...b.quote, pricePerOutputToken: 1n } }), 'request.quote'],
    ['the seed', b => ({ ...b, receipt: { ...b.receipt, seed: 8n } }), 'receipt.seed'],
    ['a signature', b => ({ ...b, receiptSignature: `0x${'00'.repeat(65)}` }), 'signature.receipt'],
    ['the chain', b => ({ ...b, deployment: { ...b.deployment, chainId: 1 } }), 'signature.quote'],
  ])('%s', async (_, change, check) => {
    expect(await failed(change(bundle))).toContain(check)
  })
})

test('what is no bundle is refused by field', () => {
  const text = stringifyReceiptBundle(bundle)
  const parse = (changed: string) => () => parseReceiptBundle(changed, 'file')

  expect(parse('{')).toThrow(/not JSON/)
  expect(parse('{}')).toThrow(expect.objectContaining({ code: 'bad_proof' }))
  expect(parse(text.replace('"version": 1', '"version": 2'))).toThrow(/version/)
  expect(parse(text.replace(/"cost": "\d+"/, '"cost": -1'))).toThrow(/cost/)
  expect(parse(text.replace(/"seed": "7"/, '"seed": 7'))).toThrow(/seed/)
  expect(parse(text.replace(/"output": "0x/, '"output": "0x0'))).toThrow(/output/)
  expect(parse(' '.repeat(RECEIPT_BUNDLE_CHARS_MAX + 1))).toThrow(/too many/)
})
