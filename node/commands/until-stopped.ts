/** Stopping may take as long as a running request needs to end; after that it is forced. */
const STOP_TIMEOUT_MS = 15_000
/** A wrapper passes on the Ctrl-C that the terminal also sent to us: only a later one means "at once". */
const SAME_STOP_MS = 1_000
const EXIT_INTERRUPTED = 130

/** Aborts when the program should end: Ctrl-C, a service manager, or the parent that holds our channel is gone. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  let firstMs: number | undefined
  const onStop = () => {
    const now = performance.now()
    firstMs ??= now
    if (now - firstMs > SAME_STOP_MS) process.exit(EXIT_INTERRUPTED)
    stop.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onStop)
  if (process.channel !== undefined && process.channel !== null) {
    process.once('disconnect', onStop)
    process.channel.unref() // Waiting for the parent is no reason to stay alive.
  }
  return stop.signal
}

/**
 * Runs until stopped, then closes; never hangs: the time limit or a second signal ends the process.
 * A program that takes long to start asks for its `stopSignal` first, so that Ctrl-C during the start is not lost.
 */
export async function serveUntilStopped(
  close: () => Promise<void>,
  signal: AbortSignal = stopSignal(),
): Promise<void> {
  if (!signal.aborted) {
    await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  }
  setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref()
  await close()
}
