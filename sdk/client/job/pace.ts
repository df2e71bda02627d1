/** How long the next message may take, learned from the stream itself. */
export interface Pace {
  saw(gapMs: number): void
  limitMs(): number
}

export interface PaceInit {
  minMs: number
  maxMs: number
}

/** Gaps that must be seen before they say anything. */
const GAPS_MIN = 3
/** Mean and mean deviation as TCP keeps them for its retransmission timer (RFC 6298): the newest counts 1/8 and 1/4. */
const MEAN_SHARE = 1 / 8
const DEVIATION_SHARE = 1 / 4
const DEVIATIONS = 4
/** Other requests of a provider may start meanwhile: it slows down by a few times, which is no stall. */
const SLOWER = 4

export function pace({ minMs, maxMs }: PaceInit): Pace {
  let gaps = 0
  let mean = 0
  let deviation = 0

  return {
    saw(gapMs) {
      if (gaps++ === 0) {
        mean = gapMs
        deviation = gapMs / 2
        return
      }
      deviation += (Math.abs(gapMs - mean) - deviation) * DEVIATION_SHARE
      mean += (gapMs - mean) * MEAN_SHARE
    },
    limitMs() {
      if (gaps < GAPS_MIN) return maxMs
      const expected = SLOWER * (mean + DEVIATIONS * deviation)
      return Math.round(Math.min(Math.max(expected, minMs), maxMs))
    },
  }
}
