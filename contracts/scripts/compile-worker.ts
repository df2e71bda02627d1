// One thread that compiles: the tests of one mutant run while the next one compiles.
import { once } from 'node:events'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { type Compiler, openCompiler } from './compiler.ts'
import type { Code } from './solidity-tests.ts'

/** The same as Compiler, on another thread; one call at a time. */
export interface CompileThread {
  quick(source: string): Promise<Code | undefined>
  deployed(source: string): Promise<string | undefined>
  close(): Promise<number>
}

interface Request {
  readonly method: keyof Compiler
  readonly source: string
}

export function compileThread(name: string): CompileThread {
  const worker = new Worker(new URL(import.meta.url), { workerData: { name } })
  const ask = async (request: Request): Promise<unknown> => {
    worker.postMessage(request)
    const [answer] = await once(worker, 'message') // rejects on 'error'
    return answer
  }
  return {
    quick: source => ask({ method: 'quick', source }) as Promise<Code | undefined>,
    deployed: source => ask({ method: 'deployed', source }) as Promise<string | undefined>,
    close: () => worker.terminate(),
  }
}

if (parentPort !== null) {
  const port = parentPort
  const compiler = openCompiler((workerData as { name: string }).name)
  port.on('message', async ({ method, source }: Request) => {
    port.postMessage((await compiler)[method](source))
  })
}
