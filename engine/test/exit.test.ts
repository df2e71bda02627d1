// A process that has used the engine ends by itself, and at once when it wants to, whatever it left open.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { writeTinyModel } from './support/tiny-model.ts'

const ENGINE = new URL('../index.ts', import.meta.url).href
const ROOT = fileURLToPath(new URL('..', import.meta.url))

const START = `
  const { GREEDY, loadModel } = await import(${JSON.stringify(ENGINE)})
  const model = await loadModel(${JSON.stringify(writeTinyModel())})
  const session = model.createSession()
  await session.prefill(Uint32Array.of(1, 2, 3))`

async function exitCode(script: string): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  return code
}

test.each([
  ['after everything is closed', `${START}\n await session.close()\n await model.close()`, 0],
  ['with a model that is still open', START, 0],
  ['in the middle of decoding', `${START}\n session.decode(200, GREEDY, 0n)\n process.exit(3)`, 3],
  [
    'from a worker thread',
    `import { Worker } from 'node:worker_threads'
     const worker = new Worker(${JSON.stringify(`(async () => { ${START} })()`)}, { eval: true })
     worker.on('exit', code => process.exit(code + 4))`,
    4,
  ],
])('ends %s', async (_when, script, code) => {
  expect(await exitCode(script)).toBe(code)
})
