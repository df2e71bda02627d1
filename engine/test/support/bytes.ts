// GPT-2's printable stand-ins for bytes: byte-level vocabularies write each byte as one of these characters.
function standIns(): string[] {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++))
}

export const BYTE_CHARACTERS: readonly string[] = standIns()
