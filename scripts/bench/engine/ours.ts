// Our side of the bench, in a process of its own. usage: ours.ts <model.gguf> <threads>
import { createInterface } from 'node:readline'
import { GREEDY, loadModel, type Model, type Session } from '@aria/engine'
import type { Job, Measured } from './runner.ts'

const [PROMPT, DECODE, PREFILL, BATCH, BATCH_STEPS] = [32, 48, 512, 16, 24]
const [GENERATE_PROMPT, GENERATE] = [64, 192]

const [path = '', threads = '1'] = process.argv.slice(2)
// Random weights repeat themselves as no text does: drafts would flatter us.
const startedMs = performance.now()
const model = await loadModel(path, { threads: Number(threads), speculation: 'off' })
const loadSeconds = (performance.now() - startedMs) / 1000
print({ ready: true, loadSeconds, kernels: model.info.kernels })

const generated: number[] = []
for await (const line of createInterface({ input: process.stdin })) {
  const job = line.split(' ')[0] as Job
  print(await JOBS(model)[job]())
}
await model.close()

function JOBS(loaded: Model): Record<Job, () => Promise<Measured>> {
  return {
    decode: () =>
      withSession(loaded, async session => {
        await session.prefill(prompt(PROMPT))
        return measure('decode', DECODE, () => decodeOn(session, DECODE))
      }),
    prefill: () =>
      withSession(loaded, session => measure('prefill', PREFILL, () => session.prefill(prompt(PREFILL)))),
    batch16: () => batched(loaded),
    generate: () =>
      withSession(loaded, session =>
        measure('generate', GENERATE, async () => {
          await session.prefill(prompt(GENERATE_PROMPT))
          generated.length = 0
          generated.push(...(await decodeOn(session, GENERATE)))
        }),
      ),
    // Of what `generate` made last, so that the check runs to its end.
    verify: () =>
      measure('verify', GENERATE, async () => {
        const transcript = {
          ...{ prompt: prompt(GENERATE_PROMPT), output: Uint32Array.from(generated) },
          ...{ sampling: GREEDY, seed: 0n },
        }
        const verdict = await loaded.verify(transcript)
        if (!verdict.match) throw new Error(`Our own answer did not verify: ${JSON.stringify(verdict)}`)
      }),
  }
}

async function measure(job: Job, tokens: number, work: () => Promise<unknown>): Promise<Measured> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await work()
  const wallSeconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { job, tokens, wallSeconds, cpuSeconds: (user + system) / 1e6 }
}

async function withSession<T>(loaded: Model, use: (session: Session) => Promise<T>): Promise<T> {
  const session = loaded.createSession({ maxTokens: 1024 })
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

async function decodeOn(session: Session, count: number): Promise<number[]> {
  const made: number[] = []
  while (made.length < count) {
    const tokens = await session.decode(count - made.length, GREEDY, 0n)
    if (tokens.length === 0) throw new Error('The random model drew its stop token; change its seed.')
    made.push(...tokens)
  }
  return made
}

async function batched(loaded: Model): Promise<Measured> {
  const sessions = Array.from({ length: BATCH }, () => loaded.createSession({ maxTokens: 256 }))
  try {
    for (const session of sessions) await session.prefill(prompt(PROMPT))
    return await measure('batch16', BATCH * BATCH_STEPS, () =>
      Promise.all(sessions.map(session => decodeOn(session, BATCH_STEPS))),
    )
  } finally {
    await Promise.all(sessions.map(session => session.close()))
  }
}

function prompt(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => ((i * 7) % 997) + 3)
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
