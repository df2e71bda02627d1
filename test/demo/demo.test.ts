import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../architecture/sources.ts'
import type { DemoReport } from './summary.ts'

async function demo(): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'test', 'demo', 'main.ts'), '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.on('data', data => {
    stdout += data
  })
  const code = await new Promise<number | null>(resolve => child.on('exit', resolve))
  return { code, stdout }
}

test('the tamperer is caught, nobody else is accused, and every wei is accounted for', async () => {
  const { code, stdout } = await demo()

  const report = JSON.parse(stdout) as DemoReport
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([])
  expect(code).toBe(0)
}, 600_000)
