// What work costs: joules where the CPU reports them (RAPL), and CPU time always.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface EnergyUse {
  /** 'rapl': `joules` is what the CPU packages drew, everything else on the machine included. */
  readonly source: 'rapl' | 'cpu-time'
  readonly joules: number | undefined
  /** User and system time of this process, all threads. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
}

export interface EnergyMeter {
  /** Use since the start. Read a running meter at least every ten minutes: the hardware's counter wraps around. */
  read(): EnergyUse
}

const POWERCAP = '/sys/class/powercap'
const PACKAGE = /^intel-rapl:\d+$/ // sub-zones (intel-rapl:0:0) are part of their package; AMD uses the same names
const MICRO = 1e-6

interface Zone {
  readonly counter: string
  readonly rangeUj: number
  lastUj: number
  usedUj: number
}

function readNumber(file: string): number {
  const text = readFileSync(file, 'utf8').trim()
  if (/^\d+$/.test(text)) return Number(text)
  throw new Error(`${file} holds '${text}', not a number.`)
}

/** Packages whose counters may be read: most systems keep them for root. */
function zonesOf(powercap: string): Zone[] {
  try {
    return readdirSync(powercap)
      .filter(name => PACKAGE.test(name))
      .map(name => {
        const counter = join(powercap, name, 'energy_uj')
        const rangeUj = readNumber(join(powercap, name, 'max_energy_range_uj'))
        return { counter, rangeUj, lastUj: readNumber(counter), usedUj: 0 }
      })
  } catch {
    return [] // no such interface, or not allowed
  }
}

function advance(zone: Zone): void {
  const nowUj = readNumber(zone.counter)
  zone.usedUj += nowUj >= zone.lastUj ? nowUj - zone.lastUj : zone.rangeUj - zone.lastUj + nowUj
  zone.lastUj = nowUj
}

/** Starts measuring. `powercap` is where Linux shows RAPL (kernel documentation, power/powercap). */
export function startEnergyMeter({ powercap = POWERCAP }: { powercap?: string } = {}): EnergyMeter {
  const zones = zonesOf(powercap)
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  let isReadable = zones.length > 0

  function joules(): number | undefined {
    if (!isReadable) return undefined
    try {
      for (const zone of zones) advance(zone)
      return zones.reduce((sum, { usedUj }) => sum + usedUj, 0) * MICRO
    } catch {
      isReadable = false // a counter that went away would make every later figure wrong
      return undefined
    }
  }

  return {
    read() {
      const used = joules()
      const { user, system } = process.cpuUsage(cpu)
      return {
        source: used === undefined ? 'cpu-time' : 'rapl',
        joules: used,
        cpuSeconds: (user + system) * MICRO,
        wallSeconds: (performance.now() - startedMs) / 1000,
      }
    },
  }
}
