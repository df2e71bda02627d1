import { basename } from 'node:path'
import { type LoadOptions, loadModel, type Model } from '@aria/engine'

const BAR_CELLS = 24
/** Work that is done sooner than this shows no bar: it would only flicker. */
const QUIET_MS = 150

export interface ProgressBar {
  /** `share` is 0 to 1; `note` follows the percentage. */
  show(share: number, note?: string): void
  /** Takes the bar off the screen. */
  clear(): void
}

/** A bar on stderr, when that is a terminal; otherwise nothing, so that logs and pipes stay clean. */
export function progressBar(label: string, stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  const startedMs = performance.now()
  let isShown = false
  return {
    show(share, note = '') {
      if (!stream.isTTY || performance.now() - startedMs < QUIET_MS) return
      isShown = true
      stream.write(`\r\x1b[K${formatBar(label, share, note)}`)
    },
    clear() {
      if (isShown) stream.write('\r\x1b[K')
      isShown = false
    },
  }
}

export function formatBar(label: string, share: number, note = ''): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled)
  return `${label} ${bar} ${Math.floor(share * 100)} %${note === '' ? '' : `  ${note}`}`
}

export async function loadWithProgress(path: string, options: LoadOptions): Promise<Model> {
  const bar = progressBar(`Loading ${basename(path)}`)
  try {
    return await loadModel(path, { ...options, onProgress: share => bar.show(share) })
  } catch (thrown) {
    throw named(thrown, path)
  } finally {
    bar.clear()
  }
}

/** What the engine says of a file's contents, with the file: it may be the one of several that was meant for another use. */
function named(thrown: unknown, path: string): unknown {
  if (!(thrown instanceof Error) || !('code' in thrown) || thrown.message.includes(path)) return thrown
  if (thrown.code !== 'bad_gguf' && thrown.code !== 'unsupported') return thrown
  return Object.assign(new Error(`${path}: ${thrown.message}`, { cause: thrown }), { code: thrown.code })
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** Decimal units, three digits: 2.04 MB. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toPrecision(3)} ${UNITS[power]}`
}
