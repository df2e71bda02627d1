/** Stopping may take as long as a running request needs to end; after that it is forced. */
const STOP_TIMEOUT_MS = 15_000

/** Resolves when the program should end: Ctrl-C, a service manager, or the parent that holds our channel is gone. */
export function stopRequested(): Promise<string> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal))
    if (process.channel === undefined || process.channel === null) return
    process.once('disconnect', () => resolve('disconnect'))
    process.channel.unref() // Waiting for the parent is no reason to stay alive.
  })
}

/** Runs until stopped, closes, and never hangs: a second signal or the time limit ends the process at once. */
export async function serveUntilStopped(close: () => Promise<void>): Promise<void> {
  await stopRequested()
  const force = () => process.exit(1)
  setTimeout(force, STOP_TIMEOUT_MS).unref()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, force)
  await close()
}
