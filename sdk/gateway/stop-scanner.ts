/** Looks for stop texts in a stream of pieces; holds back only what could still become one. */
export interface StopScanner {
  push(text: string): { text: string; stopped: boolean }
  /** What was held back, once nothing more comes. */
  end(): string
}

export function stopScanner(stops: readonly string[]): StopScanner {
  let held = ''
  return {
    push(text) {
      held += text
      const at = firstMatch(held, stops)
      if (at >= 0) {
        const before = held.slice(0, at)
        held = ''
        return { text: before, stopped: true }
      }
      const keep = openLength(held, stops)
      const ready = held.slice(0, held.length - keep)
      held = held.slice(held.length - keep)
      return { text: ready, stopped: false }
    },
    end() {
      const rest = held
      held = ''
      return rest
    },
  }
}

function firstMatch(text: string, stops: readonly string[]): number {
  const found = stops.map(stop => text.indexOf(stop)).filter(at => at >= 0)
  return found.length === 0 ? -1 : Math.min(...found)
}

/** Length of the longest end of `text` that begins a stop text. */
function openLength(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length
    }
  }
  return longest
}
