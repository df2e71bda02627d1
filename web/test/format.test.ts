import { describe, expect, it } from 'vitest'
import {
  ago,
  compactCount,
  duration,
  exactAria,
  fullAria,
  perMillion,
  plural,
  requestDuration,
  share,
  shortAria,
  shortHex,
} from '../src/lib/format.ts'

const ARIA = 10n ** 18n

describe('exact amounts', () => {
  it('keep every digit of a number that a double cannot hold', () => {
    expect(exactAria(123_456_789_012_345_678_901_234_567n)).toBe('123,456,789.012345678901234567')
  })

  it('drop trailing zeros and a lonely point, but never a zero of the whole part', () => {
    expect(exactAria(1_500_000_000_000_000_000n)).toBe('1.5')
    expect(exactAria(100n * ARIA)).toBe('100')
    expect(exactAria(0n)).toBe('0')
  })

  it('show a single wei', () => {
    expect(exactAria(1n)).toBe('0.000000000000000001')
    expect(exactAria(-1n)).toBe('−0.000000000000000001')
  })

  it('have all 18 decimals where columns line up on the point', () => {
    expect(fullAria(60n * ARIA + 1n)).toBe('60.000000000000000001')
    expect(fullAria(0n)).toBe('0.000000000000000000')
  })
})

describe('amounts at a glance', () => {
  it.each([
    [0n, '0'],
    [ARIA, '1'],
    [1_234_567_890_000_000_000_000n, '1,234.56'],
    [12_345_678_900_000_000_000n, '12.3456'],
    [552_000_000_000_000n, '0.000552'],
    [123_456_789_000_000n, '0.0001234'],
  ])('write %s wei as %s', (wei, text) => {
    expect(shortAria(wei)).toBe(text)
  })

  it('are cut, never rounded up to money that is not there', () => {
    expect(shortAria(ARIA - 1n)).toBe('0.9999')
    expect(shortAria(2_000n * ARIA - 1n)).toBe('1,999.99')
  })

  it('never show something as nothing', () => {
    expect(shortAria(1n)).toBe('<0.000000001')
    expect(shortAria(999_999_999n)).toBe('<0.000000001')
    expect(shortAria(1_000_000_000n)).toBe('0.000000001')
  })
})

describe('prices and shares', () => {
  it('a price per token is quoted per million tokens without loss', () => {
    expect(exactAria(perMillion(4_000_000_000_000n))).toBe('4')
    expect(exactAria(perMillion(1n))).toBe('0.000000000001')
  })

  it('a share of nothing is not a number', () => {
    expect(share(5n, 100n)).toBe('5.0 %')
    expect(share(1n, 3n)).toBe('33.3 %')
    expect(share(0n, 0n)).toBeNull()
  })
})

describe('counts and names', () => {
  it('large counts are shortened from a hundred thousand on', () => {
    expect(compactCount(99_999)).toBe('99,999')
    expect(compactCount(100_000)).toBe('100K')
    expect(compactCount(1_240_000)).toBe('1.2M')
  })

  it('one is singular, everything else plural', () => {
    expect(plural(0, 'request')).toBe('0 requests')
    expect(plural(1, 'request')).toBe('1 request')
    expect(plural(1200, 'request')).toBe('1,200 requests')
  })

  it('a hash keeps its two ends', () => {
    expect(shortHex(`0x${'ab'.repeat(32)}`)).toBe('0xabab…abab')
    expect(shortHex('0x1234')).toBe('0x1234')
  })
})

describe('time', () => {
  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [60, '1 min 00 s'],
    [3_599, '59 min 59 s'],
    [3_600, '1 h 00 min'],
    [86_400, '1 d 0 h'],
    [-5, '0 s'],
  ])('%d seconds last %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })

  it('tells past from future', () => {
    expect(ago(100, 101)).toBe('just now')
    expect(ago(100, 112)).toBe('12 s ago')
    expect(ago(100, 100 + 7200)).toBe('2 h ago')
    expect(ago(160, 100)).toBe('in 1 min')
  })

  it('a clock one second apart from the chain’s is no future', () => {
    expect(ago(101, 100)).toBe('just now')
  })

  it('a request that starts and ends in one second took less than one', () => {
    expect(requestDuration(100, 100)).toBe('< 1 s')
    expect(requestDuration(100, 101)).toBe('1 s')
  })
})
