import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { localnetConfig } from '../../scripts/localnet/config.ts'
import { freePorts } from '../support/market.ts'
import { failoverChecks, runFailover } from './run.ts'

const COUNT = 4

test('a provider killed in the middle of an answer is replaced, and the answer and its price are what they were', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'aria-failover-'))
  const stop = new AbortController()
  try {
    const result = await runFailover({
      ...{ dataDir, ports: await freePorts(), env: localnetConfig(), providers: 3, count: COUNT, seed: 3 },
      ...{ signal: stop.signal, onStep: () => {} },
    })

    expect(failoverChecks(result, COUNT).filter(({ ok }) => !ok)).toEqual([])
  } finally {
    stop.abort()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
