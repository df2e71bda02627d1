/** The environment that the market's programs inherit, minus ARIA_* leftovers of the caller's shell. */
export function localnetConfig(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('ARIA_') || name === 'ARIA_KERNELS'),
  )
}
