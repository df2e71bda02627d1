import type { PackedStrings } from '../../api/native.ts'

/** Tokens' byte strings as the engine takes them. */
export function packed(strings: readonly (string | Uint8Array)[]): PackedStrings {
  const encoded = strings.map(string =>
    typeof string === 'string' ? new TextEncoder().encode(string) : string,
  )
  let end = 0
  return {
    bytes: Uint8Array.from(encoded.flatMap(bytes => [...bytes])),
    ends: Uint32Array.from(encoded, bytes => (end += bytes.length)),
  }
}
