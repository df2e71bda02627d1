import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Deployment, Hex } from '@aria/sdk/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../payments/database.ts'
import { type NewJob, provableDue, type VoucherStore, voucherStore } from '../payments/vouchers.ts'
import { DEPLOYMENT } from './support/job-kit.ts'

const channel: Hex = `0x${'01'.repeat(32)}`
const parts = { payer: `0x${'02'.repeat(20)}`, signer: `0x${'03'.repeat(20)}`, salt: 2n ** 95n + 1n } as const
const signature = (byte: string): Hex => `0x${byte.repeat(65)}`

function job(id: string, total: bigint, base = 0n): NewJob {
  const requestId: Hex = `0x${id.repeat(32)}`
  return {
    requestId,
    requestHash: requestId,
    channel,
    parts,
    nonce: BigInt(id),
    base,
    voucher: { total, signature: signature('aa') },
  }
}

describe('voucher store', () => {
  let dir: string
  let database: Database
  let store: VoucherStore

  const reopen = () => {
    database.close()
    database = openDatabase(dir, DEPLOYMENT)
    store = voucherStore(database)
  }
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'aria-vouchers-'))
    database = openDatabase(dir, DEPLOYMENT)
    store = voucherStore(database)
  })
  afterEach(() => {
    database.close()
    rmSync(dir, { recursive: true, force: true })
  })

  it('keeps the best voucher and the debt over a restart, with every digit of a 96-bit amount', () => {
    const total = 2n ** 96n - 1n
    store.admit(job('10', 5n))
    store.credit(channel, { total, signature: signature('bb') }, 7n)
    reopen()
    expect(store.account(channel)).toMatchObject({
      due: 7n,
      best: { total, signature: signature('bb') },
      parts,
    })
    expect(store.hasRequest(job('10', 0n).requestId)).toBe(true)
  })

  it('survives a process that dies right after a voucher was accepted', () => {
    database.close()
    const script = `
      const { openDatabase } = await import(${JSON.stringify(new URL('../payments/database.ts', import.meta.url).href)})
      const { voucherStore } = await import(${JSON.stringify(new URL('../payments/vouchers.ts', import.meta.url).href)})
      const store = voucherStore(openDatabase(${JSON.stringify(dir)}, ${JSON.stringify(DEPLOYMENT)}))
      store.admit({ requestId: '0x${'20'.repeat(32)}', requestHash: '0x', channel: '${channel}', base: 3n, nonce: 20n,
        parts: { payer: '0x', signer: '0x', salt: 1n }, voucher: { total: 9n, signature: '0xcc' } })
      process.kill(process.pid, 'SIGKILL')`
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script])
    expect(signal).toBe('SIGKILL')
    database = openDatabase(dir, DEPLOYMENT)
    store = voucherStore(database)
    expect(store.account(channel)).toMatchObject({ due: 3n, best: { total: 9n } })
    expect(store.closeOpenJobs()).toBe(1)
  })

  it('refuses a request id that it has seen, also after a restart', () => {
    store.admit(job('30', 5n))
    reopen()
    expect(() => store.admit(job('30', 50n))).toThrow(expect.objectContaining({ code: 'request_replayed' }))
    expect(store.account(channel)!.best!.total).toBe(5n)
  })

  it('accepts only totals that grow', () => {
    store.admit(job('40', 5n))
    for (const total of [4n, 5n]) {
      const voucher = { total, signature: signature('dd') }
      expect(() => store.credit(channel, voucher, 0n)).toThrow(
        expect.objectContaining({ code: 'voucher_stale' }),
      )
    }
    expect(store.account(channel)!.best).toEqual({ total: 5n, signature: signature('aa') })
  })

  it('keeps an older, larger voucher when a new request starts on its credit', () => {
    store.admit(job('50', 100n))
    expect(store.admit(job('51', 60n, 40n)).best!.total).toBe(100n)
  })

  it('asks only for a debt that the client signed', () => {
    const { requestId } = job('60', 10n)
    store.admit(job('60', 10n))
    store.settle({ requestId, channel, due: 15n, receipt: undefined })
    expect(store.account(channel)!.due).toBe(15n)
    expect(provableDue(store.account(channel))).toBe(10n)
  })

  it('lists what the chain has not paid, and no more once it has', () => {
    store.admit(job('70', 10n))
    expect(store.unredeemed(10).map(({ id }) => id)).toEqual([channel])
    store.claimedOnChain(channel, { claimed: 4n, balance: 100n, isFinal: true })
    expect(store.unredeemed(10)).toHaveLength(1)
    store.claimedOnChain(channel, { claimed: 10n, balance: 100n, isFinal: true })
    expect(store.unredeemed(10)).toEqual([])
    store.credit(channel, { total: 11n, signature: signature('ee') }, 0n)
    expect(store.unredeemed(10)[0]).toMatchObject({ claimed: 10n, best: { total: 11n } })
  })

  it('keeps a voucher that came in while the chain was read', () => {
    store.admit(job('80', 10n))
    store.credit(channel, { total: 30n, signature: signature('ee') }, 0n)
    store.claimedOnChain(channel, { claimed: 10n, balance: 100n, isFinal: true })
    expect(store.unredeemed(10)[0]).toMatchObject({ claimed: 10n, best: { total: 30n } })
  })

  it('has nothing to redeem where the deposit is spent', () => {
    store.admit(job('81', 50n))
    store.claimedOnChain(channel, { claimed: 20n, balance: 20n, isFinal: true })
    expect(store.unredeemed(10)).toEqual([])
  })

  it('lists what is paid until no reorganisation can take it back', () => {
    store.admit(job('82', 10n))
    store.claimedOnChain(channel, { claimed: 10n, balance: 100n, isFinal: false })
    expect(store.unredeemed(10)).toHaveLength(1)
    store.claimedOnChain(channel, { claimed: 10n, balance: 100n, isFinal: true })
    expect(store.unredeemed(10)).toEqual([])
  })

  describe('nonce floor', () => {
    const finish = (id: string) =>
      store.settle({ requestId: job(id, 0n).requestId, channel, due: 0n, receipt: undefined })
    const refused = (id: string) => {
      expect(() => store.admit(job(id, 1n))).toThrow(expect.objectContaining({ code: 'request_replayed' }))
    }

    it('refuses a forgotten nonce and every smaller one, takes the next, also after a restart', () => {
      for (const id of ['10', '11', '12']) store.admit(job(id, 5n))
      finish('10')
      finish('11')
      store.forgetJobs(Date.now() + 1)
      expect(store.hasRequest(job('11', 0n).requestId)).toBe(false)
      reopen()
      for (const id of ['09', '10', '11', '12']) refused(id)
      store.admit(job('13', 5n))
    })

    it('remembers the newest requests one by one and only raises the floor', () => {
      for (const id of ['10', '30', '20', '40']) {
        store.admit(job(id, 5n))
        finish(id)
      }
      store.forgetJobs(0, 3)
      refused('10')
      store.admit(job('15', 5n)) // above the floor and never seen
      finish('15')
      store.forgetJobs(0, 3)
      for (const id of ['10', '15', '12']) refused(id)
      store.admit(job('16', 5n))
    })

    it('never forgets a request that still runs', () => {
      store.admit(job('10', 5n))
      store.forgetJobs(Date.now() + 1, 0)
      expect(store.hasRequest(job('10', 0n).requestId)).toBe(true)
    })

    it('is kept per channel, and sorts nonces of any length as numbers', () => {
      const other: NewJob = { ...job('71', 5n), channel: `0x${'09'.repeat(32)}`, nonce: 2n ** 64n - 1n }
      store.admit(other)
      store.settle({ requestId: other.requestId, channel: other.channel, due: 0n, receipt: undefined })
      store.forgetJobs(Date.now() + 1)
      store.admit(job('10', 5n))
      expect(() => store.admit({ ...other, requestId: `0x${'72'.repeat(32)}`, nonce: 9n })).toThrow(
        expect.objectContaining({ code: 'request_replayed' }),
      )
    })
  })

  it('reads the books of the first version', () => {
    store.admit(job('90', 5n))
    database.exec(`drop index jobs_nonce; alter table jobs drop column nonce;
      alter table channels drop column nonce_floor; drop table lower_bids; pragma user_version = 1`)
    reopen()
    expect(store.account(channel)!.best!.total).toBe(5n)
    expect(() => store.admit(job('90', 9n))).toThrow(expect.objectContaining({ code: 'request_replayed' }))
    store.admit(job('91', 9n))
  })

  it('belongs to one process at a time', () => {
    const script = `
      const { openDatabase } = await import(${JSON.stringify(new URL('../payments/database.ts', import.meta.url).href)})
      try { openDatabase(${JSON.stringify(dir)}, ${JSON.stringify(DEPLOYMENT)}) } catch (error) { process.stdout.write(error.code) }`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    expect(stdout.trim()).toBe('storage_locked')
  })

  it('refuses data of another deployment', () => {
    database.close()
    const other = { ...DEPLOYMENT, chainId: 1 } as Deployment
    expect(() => openDatabase(dir, other)).toThrow(expect.objectContaining({ code: 'bad_config' }))
    database = openDatabase(dir, DEPLOYMENT)
  })
})
