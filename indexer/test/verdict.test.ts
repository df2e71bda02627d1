import { samplePosition } from '@aria/sdk/protocol'
import { describe, expect, test } from 'vitest'
import { inRequests, SAMPLES_MAX, samplePositions } from '../auditor/sample.ts'
import { judge, rowsOf, workDigest } from '../auditor/verdict.ts'
import { hash, person } from './support/seed.ts'

const [verifier, provider] = [person(1), person(2)]
const finding = (at: number, passed = true) => ({
  receiptHash: hash(at),
  passed,
  reason: passed ? null : `Output token ${at} is 1, the model answers 2.`,
  tokens: 40 * at,
  seconds: 1,
})

describe('a verdict', () => {
  test('is full when every sample passed, and counts a receipt once', () => {
    expect(judge(verifier, provider, [finding(1), finding(2), finding(1)])).toMatchObject({
      score: 100,
      sampled: 2,
      passed: 2,
      failed: 0,
      reason: null,
    })
  })

  test('is zero for one mismatch among any number of passes', () => {
    const verdict = judge(
      verifier,
      provider,
      [...Array(50).keys()].map(at => finding(at, at !== 33)),
    )

    expect(verdict).toMatchObject({ score: 0, passed: 49, failed: 1 })
    expect(verdict.reason).toContain('Output token 33 is 1, the model answers 2.')
  })

  test('has a digest of its own for each verifier and each outcome', () => {
    const digests = [
      workDigest(verifier, [finding(1)]),
      workDigest(provider, [finding(1)]),
      workDigest(verifier, [finding(1, false)]),
      workDigest(verifier, [finding(2)]),
    ]

    expect(new Set(digests).size).toBe(4)
  })

  test('measures the capacity of the fastest receipt that passed, between 1 and 255', () => {
    const capacityOf = (...findings: ReturnType<typeof finding>[]) =>
      judge(verifier, provider, findings).capacity

    expect(capacityOf(finding(1), finding(3), finding(9, false))).toBe(60)
    expect(capacityOf({ ...finding(1), tokens: 1, seconds: 9 })).toBe(1)
    expect(capacityOf({ ...finding(1), tokens: 10_000, seconds: 0 })).toBe(255)
    expect(capacityOf()).toBe(1)
  })

  test('becomes rows in ascending order of provider', () => {
    const verdicts = [person(9), person(3), person(7)].map(who => judge(verifier, who, [finding(1)]))

    expect(rowsOf(verdicts).map(row => row.provider)).toEqual([3, 7, 9].map(person))
  })
})

describe('the sample', () => {
  test('is the draw of the contract, each position once', () => {
    const positions = samplePositions(hash(5), provider, 1_000n, 8)

    const drawn = [...Array(8).keys()].map(at => samplePosition(hash(5), provider, at, 1_000n))
    expect(new Set(positions)).toEqual(new Set(drawn))
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)))
  })

  test('of a tiny tree collapses, of an empty one is empty', () => {
    expect(samplePositions(hash(5), provider, 1n, 8)).toEqual([0n])
    expect(samplePositions(hash(5), provider, 0n, 8)).toEqual([])
  })

  test('is bounded, and asked for in requests that a provider accepts', () => {
    const positions = samplePositions(hash(5), provider, 2n ** 40n, 1_000_000)

    expect(positions).toHaveLength(SAMPLES_MAX)
    expect(inRequests(positions).map(group => group.length)).toEqual([64, 64, 64, 64])
  })
})
