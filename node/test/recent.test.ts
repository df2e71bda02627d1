import type { Hex } from '@aria/sdk/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ChannelReader } from '../chain/channels.ts'
import { type RecentChannels, recentChannels } from '../chain/recent.ts'

const ID: Hex = `0x${'01'.repeat(32)}`
const OTHER: Hex = `0x${'02'.repeat(32)}`

let nowMs: number
let asked: number
let best: bigint
let chain: { balance: bigint; claimed: bigint; thawEnd: number; isFinal: boolean }
let thawed: Hex[]
let recent: RecentChannels

const reader: ChannelReader = {
  read: async () => {
    asked++
    const { balance, claimed, thawEnd } = chain
    return { balance, deposited: balance, claimed, thawEnd, block: 1n }
  },
  funds: async () => {
    asked++
    return { ...chain }
  },
  thawing: async () => thawed.splice(0),
}

beforeEach(() => {
  ;[nowMs, asked, best, thawed] = [1_000, 0, 50n, []]
  chain = { balance: 100n, claimed: 10n, thawEnd: 0, isFinal: true }
  recent = recentChannels(reader, { bestTotal: () => best, nowMs: () => nowMs })
})

/** How often the chain is asked for this. */
async function askedBy(look: () => Promise<unknown>): Promise<number> {
  const before = asked
  await look()
  return asked - before
}

describe.each(['read', 'funds'] as const)('what the chain said of a channel (%s)', name => {
  const look = () => recent[name](ID)

  it('is answered again for as long as seconds decide nothing', async () => {
    expect(await askedBy(look)).toBe(1)
    nowMs += name === 'read' ? 10_000 : 60_000
    expect(await askedBy(look)).toBe(0)
    nowMs += 1
    expect(await askedBy(look)).toBe(1)
  })

  it('is read anew once the best voucher is worth more than its balance', async () => {
    await look()
    best = 100n
    expect(await askedBy(look)).toBe(0)
    best = 101n
    expect(await askedBy(look)).toBe(1)
  })

  it('is read anew after a thaw was seen, and while the channel thaws', async () => {
    await look()
    await recent[name](OTHER)
    thawed = [ID]
    chain.thawEnd = 99
    expect(await recent.thawing()).toEqual([ID])
    expect((await look()).thawEnd).toBe(99)
    expect(await askedBy(look)).toBe(1)
    expect(await askedBy(() => recent[name](OTHER))).toBe(0)
  })

  it('is read anew after a transaction of ours ended', async () => {
    await look()
    chain.claimed = 50n
    recent.forget()
    expect((await look()).claimed).toBe(50n)
  })

  it('is not kept when it was asked before such a transaction ended', async () => {
    const underWay = look()
    recent.forget()
    await underWay
    expect(await askedBy(look)).toBe(1)
  })

  it('is of one channel only', async () => {
    await look()
    expect(await askedBy(() => recent[name](OTHER))).toBe(1)
  })

  it('is not kept when the chain does not answer', async () => {
    const away = recentChannels(
      { ...reader, [name]: () => Promise.reject(new Error('away')) },
      { bestTotal: () => 0n },
    )
    await expect(away[name](ID)).rejects.toThrow('away')
    await expect(away[name](ID)).rejects.toThrow('away')
  })
})

it('funds that a reorganisation may change are never answered again', async () => {
  chain.isFinal = false
  await recent.funds(ID)
  expect(await askedBy(() => recent.funds(ID))).toBe(1)
})

it('a fresh answer replaces the known one', async () => {
  await recent.read(ID)
  chain.balance = 300n
  expect((await recent.read(ID)).balance).toBe(100n)
  expect((await recent.read(ID, { isFresh: true })).balance).toBe(300n)
  expect((await recent.read(ID)).balance).toBe(300n)
})
