export interface Closing {
  add(close: () => Promise<unknown> | unknown): void
  /** Closes what was opened, the last first. One that fails does not keep the others open. */
  run(): Promise<void>
}

export function closing(): Closing {
  const steps: (() => Promise<unknown> | unknown)[] = []
  return {
    add: close => steps.push(close),
    run: async () => {
      const failures: unknown[] = []
      for (const step of steps.splice(0).reverse()) {
        try {
          await step()
        } catch (thrown) {
          failures.push(thrown)
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be closed.')
    },
  }
}
