// Everything that `npm test` proves, in order of cost; stops at the first step that fails.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = (name: string) => join(root, 'node_modules', '.bin', name)
const out = mkdtempSync(join(tmpdir(), 'aria-test-'))
const filter = process.argv.slice(2)

let passed = 0

function step(name: string, command: string, args: string[], cwd = root): string {
  process.stdout.write(`\n── ${name}\n`)
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', name === 'contracts' ? 'pipe' : 'inherit', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (stdout) process.stdout.write(stdout)
  if (status !== 0) finish(1)
  return stdout ?? ''
}

function finish(failed: number): never {
  rmSync(out, { recursive: true, force: true })
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  process.exit(failed === 0 ? 0 : 1)
}

function vitest(args: string[]): void {
  const report = join(out, 'vitest.json')
  process.stdout.write('\n── unit, integration, end to end\n')
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
  }
  passed += numPassedTests
  if (status !== 0) finish(Math.max(1, numFailedTests))
}

if (filter.length === 0) {
  step('lint', bin('biome'), ['check', '.'])
  for (const folder of ['sdk', 'engine', 'node', 'indexer', 'web', 'contracts', 'scripts', 'test']) {
    step(`types: ${folder}`, bin('tsc'), ['-p', join(folder, 'tsconfig.json'), '--noEmit'])
  }
  const output = step(
    'contracts',
    process.execPath,
    [join(root, 'node_modules', 'hardhat', 'dist', 'src', 'cli.js'), 'test'],
    join(root, 'contracts'),
  )
  for (const [, count] of output.matchAll(/(\d+) passing/g)) passed += Number(count)
}
vitest(filter)
finish(0)
