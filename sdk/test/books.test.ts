import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openStore, readStore, type Store } from '../client/index.ts'
import { readDatabase } from '../client/store/database.ts'
import { type Hex, mustSign } from '../protocol/index.ts'
import { collect, market, outputOf, request } from './helpers/market.ts'

const directory = mkdtempSync(join(tmpdir(), 'aria-books-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const OUTPUT = Array.from({ length: 32 }, (_, at) => at + 1)

function newest(path: string) {
  const view = readStore(path)
  const [channel] = view.channels.all()
  view.close()
  const database = readDatabase(path)
  const { next_nonce: nonce } = database.prepare('select next_nonce from channels').get()!
  database.close()
  return { ...channel!, nonce: BigInt(Number(nonce)) }
}

test('what is promised is on disk, with its debt and its request’s number, before it leaves', async () => {
  const storePath = join(directory, 'promised', 'client.sqlite')
  const seen: ReturnType<typeof newest>[] = []
  const running = await market({
    storePath,
    scripts: [
      {
        output: OUTPUT,
        tamper: message => {
          if (message.type === 'accept' || message.type === 'receipt') seen.push(newest(storePath))
          return message
        },
      },
    ],
  })

  const events = await collect(running.client.infer(request()))

  const [accepted] = events
  if (accepted?.type !== 'accepted') throw new Error('The request was not accepted.')
  const { terms, quote } = accepted.order
  expect(seen[0]).toMatchObject({ settled: false, due: terms.base, nonce: quote.nonce })
  expect(seen[0]!.signed!.total).toBe(mustSign(terms, 0))
  expect(seen[1]!.signed).toEqual(running.providers[0]!.best.get(quote.channelId))
  expect(outputOf(events)).toEqual(OUTPUT)
  expect(newest(storePath)).toMatchObject({ settled: true })
  await running.stop()
})

const ID: Hex = `0x${'01'.repeat(32)}`
const ADDRESS: Hex = `0x${'02'.repeat(20)}`

function addChannel({ channels }: Store): void {
  const parts = { payer: ADDRESS, signer: ADDRESS, salt: 1n }
  const empty = { balance: 10n, claimed: 0n, thawEnd: 0, due: 0n, settled: true, signed: null }
  const who = { payee: ADDRESS, node: ADDRESS, operator: ADDRESS, isPrivate: false }
  channels.add({ id: ID, parts, ...who, ...empty, createdAtMs: 1, usedAtMs: 1 })
}

test('a number that was booked with a request never comes again, whatever the clock says', () => {
  const path = join(directory, 'numbers', 'client.sqlite')
  const first = openStore(path)
  addChannel(first)
  const used = first.channels.takeNonce(ID, 9_000)
  first.channels.book(ID, { due: 0n, settled: false, voucher: { total: 1n, signature: '0x01' } }, 9_000)
  first.close()

  const again = openStore(path)

  expect(again.channels.takeNonce(ID, 8_000)).toBe(used + 1n)
  again.close()
})

test('a debt without a voucher, and an observation, survive the end of the process', () => {
  const path = join(directory, 'soft', 'client.sqlite')
  const first = openStore(path)
  addChannel(first)
  first.channels.book(ID, { due: 1n, settled: false, voucher: { total: 5n, signature: '0x01' } }, 1)
  first.channels.book(ID, { due: 3n, settled: false }, 2)
  const record = { node: ADDRESS, operator: ADDRESS, served: 1, failed: 0, strikes: 0 }
  const nothing = { firstTokenMs: undefined, tokensPerSecond: undefined, avoidUntilMs: 0, avoidReason: '' }
  first.providers.put({ ...record, ...nothing })

  const view = readStore(path)

  expect(view.channels.all()).toEqual([first.channels.get(ID)])
  expect(view.channels.all()[0]).toMatchObject({ due: 3n, settled: false })
  view.close()
  first.close()
  const again = openStore(path)
  expect(again.providers.get(ADDRESS)).toMatchObject(record)
  again.close()
})

test('a voucher that does not grow is refused, and nothing of its entry is kept', () => {
  const store = openStore(':memory:')
  addChannel(store)
  store.channels.book(ID, { due: 1n, settled: false, voucher: { total: 5n, signature: '0x01' } }, 1)
  const before = store.channels.get(ID)

  const smaller = { due: 2n, settled: false, voucher: { total: 5n, signature: '0x02' } } as const
  expect(() => store.channels.book(ID, smaller, 2)).toThrow(expect.objectContaining({ code: 'internal' }))

  expect(store.channels.get(ID)).toEqual(before)
  store.close()
})
