import { GREEDY, type Model, type Session, startEnergyMeter } from '@aria/engine'

export interface BenchInit {
  promptTokens: number
  outputTokens: number
  /** The best of so many rounds counts: other programs can only make a round slower. */
  rounds: number
  signal: AbortSignal
  onRound?(done: number): void
}

export interface Phase {
  tokensPerSecond: number
  cpuSecondsPerToken: number
  /** Only where the CPU's energy counters may be read; they count the whole machine. */
  joulesPerToken: number | undefined
}

export interface BenchResult {
  threads: number
  prefill: Phase
  decode: Phase
  /** Checking what was decoded: tokens of prompt and answer per second. */
  verify: Phase
}

const DECODE_STEP = 32
/** Random prompts may make a model stop early; the rest of a round is then decoded from further prompts. */
const PROMPTS_MAX = 64

/** Measures a loaded model on pseudo-random tokens: speed does not depend on what they say. */
export async function bench(model: Model, init: BenchInit): Promise<BenchResult> {
  const rounds: BenchResult[] = []
  for (let round = 0; round < init.rounds && !init.signal.aborted; round++) {
    rounds.push(await oneRound(model, init, round))
    init.onRound?.(round + 1)
  }
  init.signal.throwIfAborted()
  const best = (phase: 'prefill' | 'decode' | 'verify'): Phase =>
    rounds.map(result => result[phase]).reduce((a, b) => (b.tokensPerSecond > a.tokensPerSecond ? b : a))
  return {
    threads: model.info.threads,
    prefill: best('prefill'),
    decode: best('decode'),
    verify: best('verify'),
  }
}

async function oneRound(model: Model, init: BenchInit, round: number): Promise<BenchResult> {
  const { promptTokens, outputTokens, signal } = init
  const [prefill, decode, verify] = [stopwatch(), stopwatch(), stopwatch()]
  let left = outputTokens
  for (let index = 0; left > 0 && index < PROMPTS_MAX; index++) {
    const prompt = ordinaryTokens(model, promptTokens, round * PROMPTS_MAX + index)
    const session = model.createSession({ maxTokens: promptTokens + left })
    try {
      await prefill.run(promptTokens, () => session.prefill(prompt, { signal }))
      const output = await decodeUntilStop(session, left, decode, signal)
      const transcript = { prompt, output, sampling: GREEDY, seed: 0n }
      await verify.run(promptTokens + output.length, () => model.verify(transcript, { signal }))
      left -= output.length
    } finally {
      await session.close()
    }
  }
  return {
    threads: model.info.threads,
    prefill: prefill.phase(),
    decode: decode.phase(),
    verify: verify.phase(),
  }
}

async function decodeUntilStop(
  session: Session,
  count: number,
  watch: Stopwatch,
  signal: AbortSignal,
): Promise<Uint32Array> {
  const output: number[] = []
  while (output.length < count) {
    signal.throwIfAborted()
    const step = Math.min(DECODE_STEP, count - output.length)
    const made = await watch.run(0, () => session.decode(step, GREEDY, 0n))
    watch.add(made.length)
    output.push(...made)
    if (made.length < step) break
  }
  return Uint32Array.from(output)
}

function ordinaryTokens({ tokenizer, info }: Model, count: number, seed: number): Uint32Array {
  const stops = new Set(tokenizer.stopTokens)
  let state = seed + 1
  return Uint32Array.from({ length: count }, () => {
    do state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    while (stops.has(state % info.vocabSize))
    return state % info.vocabSize
  })
}

interface Stopwatch {
  run<T>(tokens: number, work: () => Promise<T>): Promise<T>
  add(tokens: number): void
  phase(): Phase
}

/** Adds up what pieces of work of one kind cost. */
function stopwatch(): Stopwatch {
  let [tokens, wallSeconds, cpuSeconds] = [0, 0, 0]
  let joules: number | undefined = 0
  return {
    async run(count, work) {
      const meter = startEnergyMeter()
      const result = await work()
      const use = meter.read()
      tokens += count
      wallSeconds += use.wallSeconds
      cpuSeconds += use.cpuSeconds
      joules = joules === undefined || use.joules === undefined ? undefined : joules + use.joules
      return result
    },
    add: count => {
      tokens += count
    },
    phase: () => ({
      tokensPerSecond: tokens / wallSeconds,
      cpuSecondsPerToken: cpuSeconds / tokens,
      joulesPerToken: joules === undefined ? undefined : joules / tokens,
    }),
  }
}
