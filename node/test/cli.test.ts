import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { roles } from '../../scripts/localnet/accounts.ts'
import { environment } from '../config.ts'
import { startTestChain, type TestChain } from './support/chain.ts'

const ARIA = fileURLToPath(new URL('../bin/aria.mjs', import.meta.url))
const { PATH } = environment()

function start(args: string[], variables: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [ARIA, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { PATH, ...variables },
  })
}

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = start(args)
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit'),
    text(child.stdout!),
    text(child.stderr!),
  ])
  return { code, stdout, stderr }
}

describe('aria', () => {
  it('lists its commands', async () => {
    const { code, stdout } = await run('--help')
    expect(code).toBe(0)
    for (const command of ['run', 'bench', 'models', 'provider', 'gateway', 'money', 'verify'])
      expect(stdout).toContain(command)
  })

  it('helps with every command (it could not print the default seed)', async () => {
    const commands = [
      'run',
      'bench',
      'models',
      'provider start',
      'gateway',
      'money',
      'watchtower run',
      'verify',
    ]
    const results = await Promise.all(commands.map(command => run(...command.split(' '), '--help')))
    expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      commands.map(() => ({ code: 0, stderr: '' })),
    )
  })

  it('answers on this machine, the same for the same seed', async () => {
    const args = ['run', 'Tell me a story.', '--json', '--seed', '7', '--max-tokens', '40']
    const [first, second] = [await run(...args), await run(...args, '--threads', '1')]
    const answer = JSON.parse(first.stdout)
    expect(answer).toMatchObject({ seed: '7', promptTokens: expect.any(Number) })
    expect(answer.outputTokens).toBeGreaterThan(0)
    expect(JSON.parse(second.stdout).text).toBe(answer.text)
  })

  it('streams text to stdout and keeps the speed on stderr', async () => {
    const { stdout, stderr } = await run('run', 'Hello', '--temperature', '0', '--max-tokens', '8')
    expect(stdout).not.toContain('tokens/s')
    expect(stderr).toMatch(/\d+ tokens, [\d.]+ tokens\/s/)
  })

  it('answers what is piped in', async () => {
    const child = spawn(process.execPath, [ARIA, 'run', '--temperature', '0', '--max-tokens', '8'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH },
    })
    child.stdin.end('Hello\n')
    const [piped, given] = await Promise.all([
      text(child.stdout),
      run('run', 'Hello', '--temperature', '0', '--max-tokens', '8'),
    ])
    expect(piped).toBe(given.stdout)
  })

  it('lists models, and shows the id that one has on the market', async () => {
    const list = JSON.parse((await run('models', '--json', '--folder', '/nowhere')).stdout)
    expect(list.models).toMatchObject([{ name: 'aria-1', weights: 'Q1_0', contextLength: 1024 }])
    const shown = JSON.parse((await run('models', 'show', list.models[0].path, '--json')).stdout)
    expect(shown.id).toMatch(/^0x[0-9a-f]{64}$/)
  })

  it('measures prefill, decode and checking in the form of every measuring command', async () => {
    const flags = ['--threads', '1', '--rounds', '1', '--prompt', '32', '--output', '16', '--json']
    const { code, stdout } = await run('bench', ...flags)
    const report = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(report).toMatchObject({ ok: true, machine: expect.any(String), commit: expect.any(String) })
    const names = report.checks.map(({ name }: { name: string }) => name)
    for (const phase of ['prefill', 'decode', 'verify'])
      expect(names).toContain(`${phase}.threads_1.tokens_per_s`)
  })

  it.each([
    [['run', 'hi', '--model', '/nowhere.gguf'], '/nowhere.gguf'],
    [['run', 'hi', '--model', ARIA], `${ARIA}: The file does not start with 'GGUF'`],
    [['run', ' '], 'There is no prompt'],
    [['provider', 'start'], 'ARIA_DEPLOYMENT'],
  ])('says in one sentence what is wrong and what to do: %j', async (args, name) => {
    const { code, stderr, stdout } = await run(...args)
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(name)
    expect(stderr).toMatch(/^aria: .+\n {2}→ .+\n$/)
    expect(stderr).not.toContain('    at ')
  })

  it('shows the cause of an error when asked to', async () => {
    expect((await run('--verbose', 'run', 'hi', '--model', '/nowhere.gguf')).stderr).toContain('    at ')
  })

  it('refuses sampling out of range before it loads anything', async () => {
    const { code, stderr } = await run('run', 'hi', '--temperature', '3')
    expect(code).toBe(1)
    expect(stderr).toContain('from 0 to 2')
  })
})

describe('aria provider start', () => {
  let test: TestChain
  beforeAll(async () => {
    test = await startTestChain()
  })
  afterAll(() => test.close())

  async function ready(name: string) {
    const child = start(['provider', 'start', '--model', 'models/aria-1.gguf', '--log-level', 'info'], {
      ARIA_RPC_URL: test.rpcUrl,
      ARIA_DEPLOYMENT: test.deploymentFile,
      ARIA_DATA_DIR: `${test.dir}/${name}`,
      ARIA_NODE_KEY: roles.providerNode(0).privateKey,
      ARIA_OPERATOR: roles.providerOperator(0).address,
      ARIA_LISTEN: '/ip4/127.0.0.1/tcp/0',
    })
    const logs = text(child.stderr!)
    const [line] = await once(createInterface({ input: child.stdout! }), 'line')
    return { child, event: JSON.parse(line), logs }
  }

  it('closes cleanly when the terminal and a wrapper both pass on the same Ctrl-C', async () => {
    const { child } = await ready('sigint')
    child.kill('SIGINT')
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('prints one ready line, logs JSON without keys on stderr, and ends cleanly on SIGTERM', async () => {
    const { child, event, logs } = await ready('sigterm')
    expect(event).toMatchObject({
      event: 'ready',
      node: roles.providerNode(0).address,
      modelId: test.modelId,
    })
    expect(event.multiaddrs[0]).toContain(event.peerId)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    const lines = (await logs)
      .trim()
      .split('\n')
      .filter(line => !line.includes('ExperimentalWarning'))
    for (const line of lines.filter(each => each.startsWith('{')))
      expect(JSON.parse(line).msg).toBeTypeOf('string')
    expect(await logs).not.toContain(roles.providerNode(0).privateKey.slice(2))
  })

  it('ends when the process that started it goes away', async () => {
    const { child } = await ready('disconnect')
    child.disconnect()
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
