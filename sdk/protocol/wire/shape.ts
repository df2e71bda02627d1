import { AriaError } from '../errors.ts'

/** A page of receipts is the message of most values: 100 items of about 50. */
export const FRAME_VALUES_MAX = 8_192
/** A page of receipts is the deepest too: message, items, entry, receipt with request, struct. */
export const FRAME_DEPTH_MAX = 8

const [UINT, BYTES, TEXT, ARRAY, SIMPLE] = [0, 2, 3, 4, 7] as const
const NULL = 0xf6

/**
 * Reads only the heads of a CBOR item (RFC 8949, section 3), before anything is allocated for it: a stranger's frame of
 * a quarter megabyte can announce a quarter million empty lists, or as many lists inside each other, and a decoder
 * would build them all. Only what messages are made of passes: unsigned integers, bytes, text, lists and null.
 * @throws AriaError `bad_frame`.
 */
export function checkShape(frame: Uint8Array, name: string): void {
  const refuse = (what: string): never => {
    throw new AriaError('bad_frame', `${name} ${what}.`, { facts: { bytes: frame.length } })
  }
  /** Values still to come in each open list. */
  const open: number[] = [1]
  let values = 0
  let at = 0
  while (open.length > 0) {
    if (open.at(-1) === 0) {
      open.pop()
      continue
    }
    open[open.length - 1]!--
    if (++values > FRAME_VALUES_MAX) refuse(`holds more than ${FRAME_VALUES_MAX} values`)
    const head = frame[at++] ?? refuse('ends early')
    const major = head >> 5
    if (major === SIMPLE) {
      if (head !== NULL) refuse(`holds a value that no message has (0x${head.toString(16)})`)
      continue
    }
    if (major !== UINT && major !== BYTES && major !== TEXT && major !== ARRAY)
      refuse(`holds a value that no message has (0x${head.toString(16)})`)
    const bytes = argumentBytes(head & 31)
    if (bytes === undefined) refuse('has a length of unknown size')
    let argument = head & 31
    if (bytes! > 0) {
      argument = 0
      for (let byte = 0; byte < bytes!; byte++)
        argument = argument * 256 + (frame[at + byte] ?? refuse('ends early'))
      at += bytes!
    }
    if (major === BYTES || major === TEXT) {
      at += argument
      if (at > frame.length) refuse('ends early')
      if (major === TEXT && !isText(frame.subarray(at - argument, at))) refuse('holds text that is not UTF-8')
    }
    if (major !== ARRAY) continue
    if (argument > FRAME_VALUES_MAX) refuse(`holds more than ${FRAME_VALUES_MAX} values`)
    if (open.length > FRAME_DEPTH_MAX) refuse(`is nested deeper than ${FRAME_DEPTH_MAX}`)
    open.push(argument)
  }
  if (at !== frame.length) refuse('goes on after its end')
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A lenient decoder puts the same mark for every wrong byte and drops a leading one: then two frames are one message. */
function isText(bytes: Uint8Array): boolean {
  try {
    return !utf8.decode(bytes).startsWith('\ufeff')
  } catch {
    return false
  }
}

/** Bytes of the number behind a head; undefined for reserved and indefinite ones. */
function argumentBytes(info: number): number | undefined {
  if (info < 24) return 0
  return { 24: 1, 25: 2, 26: 4, 27: 8 }[info]
}
