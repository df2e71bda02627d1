import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startEnergyMeter } from '../index.ts'

const RANGE_UJ = 1_000_000

describe('energy', () => {
  let powercap: string
  beforeEach(() => {
    powercap = mkdtempSync(join(tmpdir(), 'aria-powercap-'))
  })
  afterEach(() => rmSync(powercap, { recursive: true, force: true }))

  function counter(zone: string, microjoules: number | string): void {
    mkdirSync(join(powercap, zone), { recursive: true })
    writeFileSync(join(powercap, zone, 'energy_uj'), `${microjoules}\n`)
    writeFileSync(join(powercap, zone, 'max_energy_range_uj'), `${RANGE_UJ}\n`)
  }

  it('adds the packages, and not the parts that they contain', () => {
    counter('intel-rapl:0', 100)
    counter('intel-rapl:0:0', 50)
    counter('intel-rapl:1', 300)
    const meter = startEnergyMeter({ powercap })
    counter('intel-rapl:0', 600)
    counter('intel-rapl:0:0', 350)
    counter('intel-rapl:1', 1_300)
    expect(meter.read()).toMatchObject({ source: 'rapl', joules: 0.0015 })
  })

  it('goes on over a wrap of the counter', () => {
    counter('intel-rapl:0', RANGE_UJ - 100)
    const meter = startEnergyMeter({ powercap })
    counter('intel-rapl:0', 400)
    expect(meter.read().joules).toBeCloseTo(0.0005)
    counter('intel-rapl:0', 900)
    expect(meter.read().joules).toBeCloseTo(0.001)
  })

  it('says that it counts CPU time where there is no counter', () => {
    const use = startEnergyMeter({ powercap: join(powercap, 'nowhere') }).read()
    expect(use).toMatchObject({ source: 'cpu-time', joules: undefined })
    expect(use.cpuSeconds).toBeGreaterThanOrEqual(0)
  })

  it('does not take a counter that is no number', () => {
    counter('intel-rapl:0', 'unknown')
    expect(startEnergyMeter({ powercap }).read().source).toBe('cpu-time')
  })

  it('never mixes: a counter that goes away ends the figure in joules', () => {
    counter('intel-rapl:0', 100)
    const meter = startEnergyMeter({ powercap })
    rmSync(join(powercap, 'intel-rapl:0'), { recursive: true })
    expect(meter.read().source).toBe('cpu-time')
    counter('intel-rapl:0', 200)
    expect(meter.read().source).toBe('cpu-time')
  })
})
