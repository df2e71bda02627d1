/**
 * How a provider measured what it says a token costs, and in which unit: joules that the CPU's counters reported (RAPL, the
 * whole machine), or CPU seconds where none may be read. The two never compare.
 */
export const ENERGY_SOURCES = ['rapl', 'cpu-time'] as const
export type EnergySource = (typeof ENERGY_SOURCES)[number]

export const ENERGY_UNIT: Readonly<Record<EnergySource, string>> = {
  rapl: 'J/token',
  'cpu-time': 'CPU-s/token',
}

/** Offers carry millionths of the unit in 32 bits. */
const MICRO = 1_000_000
export const ENERGY_MICRO_MAX = 2 ** 32 - 1

/** What an operator says that one output token costs. Nobody else measured it. */
export interface EnergyClaim {
  source: EnergySource
  /** Millionths of a joule (`rapl`) or of a CPU second (`cpu-time`), 1 to ENERGY_MICRO_MAX. */
  microPerToken: number
}

/** In an offer: 0 says nothing, else the place of the source in ENERGY_SOURCES, counted from 1. */
export interface EnergyFields {
  energySource: number
  energyPerToken: number
}

export function energyFields(claim: EnergyClaim | undefined): EnergyFields {
  if (claim === undefined) return { energySource: 0, energyPerToken: 0 }
  return { energySource: ENERGY_SOURCES.indexOf(claim.source) + 1, energyPerToken: claim.microPerToken }
}

/** Undefined when the provider claims nothing. */
export function energyClaim({ energySource, energyPerToken }: EnergyFields): EnergyClaim | undefined {
  const source = ENERGY_SOURCES[energySource - 1]
  return source === undefined ? undefined : { source, microPerToken: energyPerToken }
}

/** Either nothing is claimed, or a known measure and more than nothing. */
export function isEnergyWhole({ energySource, energyPerToken }: EnergyFields): boolean {
  if (energySource === 0) return energyPerToken === 0
  return energySource <= ENERGY_SOURCES.length && energyPerToken > 0
}

/** Of "rapl:0.85" (joules) or "cpu-time:0.012" (CPU seconds) per output token, to the millionth. */
export function parseEnergy(text: string): EnergyClaim | undefined {
  const match = /^(rapl|cpu-time):(\d{1,4}(?:\.\d{1,6})?)$/.exec(text)
  if (match === null) return undefined
  const microPerToken = Math.round(Number(match[2]) * MICRO)
  if (microPerToken < 1 || microPerToken > ENERGY_MICRO_MAX) return undefined
  return { source: match[1] as EnergySource, microPerToken }
}

/** "0.85 J/token by rapl", for a person. */
export function formatEnergy({ source, microPerToken }: EnergyClaim): string {
  return `${microPerToken / MICRO} ${ENERGY_UNIT[source]} by ${source}`
}
