// What both sides of a comparison are asked to do, and what they answer.
export interface Round {
  streams: number
  promptTokens: number
  outputTokens: number
  /** Different prompts for every round and stream: nobody profits from a cached beginning. */
  seed: number
  vocabulary: number
}

export interface Measured {
  wallMs: number
  tokens: number
  /** From the request to its first token, by stream. */
  firstTokenMs: number[]
  /** Most streams that had begun and not ended at one moment. */
  openMax: number
}

/** Deterministic tokens, none of them the last of the vocabulary, which ends an answer. */
export function promptOf({ promptTokens, seed, vocabulary }: Round, stream: number): Uint32Array {
  let state = (seed * 4096 + stream + 1) >>> 0
  return Uint32Array.from({ length: promptTokens }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) % (vocabulary - 1)
  })
}

/** Runs all streams of a round side by side. */
export async function runStreams(
  { streams }: Round,
  one: (stream: number, onFirst: () => void) => Promise<number>,
): Promise<Measured> {
  const firstTokenMs: number[] = []
  let [tokens, open, openMax] = [0, 0, 0]
  const startedMs = performance.now()
  await Promise.all(
    Array.from({ length: streams }, async (_, stream) => {
      let hasBegun = false
      const onFirst = () => {
        hasBegun = true
        firstTokenMs.push(performance.now() - startedMs)
        openMax = Math.max(openMax, ++open)
      }
      const made = await one(stream, onFirst)
      tokens += made
      if (hasBegun) open--
    }),
  )
  return { wallMs: performance.now() - startedMs, tokens, firstTokenMs, openMax }
}
