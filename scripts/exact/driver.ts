// The native driver (engine/portable/driver.cpp) as a target: on this CPU, or on an emulated one.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Verdict } from '../../engine/api/verify.ts'
import { buildDriver } from '../../engine/scripts/build-driver.mjs'
import type { ModelTrace } from '../../engine/wasm/engine.ts'
import { knownRequest, traceRequest, verifyRequest } from '../../engine/wasm/request.ts'
import type { Target } from './target.ts'

const EMULATORS = {
  arm64: { names: ['qemu-aarch64', 'qemu-aarch64-static'], package: 'qemu-user' },
  x64: { names: ['qemu-x86_64', 'qemu-x86_64-static'], package: 'qemu-user' },
} as const

export type DriverArch = keyof typeof EMULATORS

/** What to write before the program's path. @throws when another CPU's emulator is missing, with how to get it. */
function emulator(arch: DriverArch): string[] {
  if (arch === process.arch) return []
  const { names, package: wanted } = EMULATORS[arch]
  for (const name of names)
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' })
      return [name]
    } catch {}
  throw new Error(`No ${names[0]} to run ${arch} programs. Install it with: sudo apt-get install ${wanted}`)
}

/** One run of the driver: a request per line, an answer per line, in order. */
class Driver {
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>

  constructor(command: readonly string[]) {
    const [program, ...parameters] = command
    this.child = spawn(program!, parameters, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  async ask(request: string): Promise<unknown> {
    this.child.stdin!.write(`${request}\n`)
    const { value, done } = await this.lines.next()
    if (done) throw new Error(`The driver ended at: ${request.slice(0, 80)}`)
    const answer = JSON.parse(value)
    if (answer.error) throw new Error(`${answer.error.code}: ${answer.error.message}`)
    return answer
  }

  async close(): Promise<void> {
    this.child.stdin!.end()
    if (this.child.exitCode === null) await once(this.child, 'close')
  }
}

/** Builds the driver where it is out of date. @throws when a compiler or emulator is missing, with how to get it. */
export async function driverTarget(arch: DriverArch, kernels: string, threads = 1): Promise<Target> {
  const command = [...emulator(arch), await buildDriver(arch)]
  const models = new Set<Driver>()
  const plain = new Driver(command)
  return {
    name: `${kernels} on ${arch}${arch === process.arch ? '' : ', emulated'}`,
    async knownAnswers(seed) {
      const { answers } = (await plain.ask(knownRequest(kernels, seed))) as {
        answers: Record<string, string>
      }
      return answers
    },
    async open(path) {
      const driver = new Driver([...command, path, kernels, String(threads)])
      models.add(driver)
      return {
        trace: async (tokens, chunk) => (await driver.ask(traceRequest(tokens, chunk))) as ModelTrace,
        verify: async transcript => (await driver.ask(verifyRequest(transcript))) as Verdict,
        async close() {
          models.delete(driver)
          await driver.close()
        },
      }
    },
    async close() {
      await Promise.all([plain, ...models].map(driver => driver.close()))
    },
  }
}
