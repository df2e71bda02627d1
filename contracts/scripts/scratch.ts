// Runs Hardhat, here or in a copy, so that instrumented code never meets the real artifacts.
import { spawn } from 'node:child_process'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environment } from './config.ts'

export const CONTRACTS = fileURLToPath(new URL('..', import.meta.url))
const HARDHAT = join(
  dirname(createRequire(import.meta.url).resolve('hardhat/package.json')),
  'dist/src/cli.js',
)

export interface TestRun {
  readonly passed: boolean
  /** A test stood against it; false with `passed` false means that it does not even compile. */
  readonly ran: boolean
  readonly output: string
}

/** A copy of sources, tests and configuration under .cache, where node_modules is still found. */
export async function scratch(name: string): Promise<string> {
  const dir = join(CONTRACTS, '.cache', name)
  await mkdir(join(dir, 'test'), { recursive: true })
  for (const each of ['src', 'test/solidity', 'hardhat.config.ts', 'package.json', 'tsconfig.json']) {
    await rm(join(dir, each), { recursive: true, force: true })
    await cp(join(CONTRACTS, each), join(dir, each), { recursive: true })
  }
  return dir
}

export interface TestOptions {
  readonly files?: readonly string[]
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

export function testSolidity(
  dir: string,
  { files = [], flags = [], env = {}, timeoutMs = 600_000 }: TestOptions,
): Promise<TestRun> {
  return hardhat(dir, ['test', 'solidity', ...flags, ...files], env, timeoutMs)
}

export function hardhat(
  dir: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<TestRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [HARDHAT, ...args], {
      cwd: dir,
      env: { ...environment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    let output = ''
    child.stdout.on('data', data => {
      output += data
    })
    child.stderr.on('data', data => {
      output += data
    })
    child.on('error', reject)
    child.on('close', code => {
      resolve({ passed: code === 0, ran: output.includes('Running Solidity tests'), output })
    })
  })
}

/** All test files below a folder of test/solidity, relative to the contracts folder. */
export async function testsIn(folder: string, suffix = '.t.sol'): Promise<string[]> {
  const names = await readdir(join(CONTRACTS, 'test/solidity', folder), { recursive: true })
  return names
    .filter(name => name.endsWith(suffix))
    .map(name => `test/solidity/${folder}/${name}`)
    .sort()
}
