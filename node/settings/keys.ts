import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AriaError, type Hex, toHex } from '@aria/sdk/protocol'
import { privateKeyToAddress } from 'viem/accounts'

/** A private key in hex, or the path of a file that holds one. Errors never show the value. */
export function readKey(variable: string, value: string): Hex {
  const asHex = parseKey(value)
  if (asHex !== undefined) return asHex
  let inFile: Hex | undefined
  try {
    inFile = parseKey(readFileSync(value, 'utf8'))
  } catch {
    // Falls through: the value is neither a key nor a readable file.
  }
  if (inFile !== undefined) return inFile
  throw new AriaError('bad_config', `${variable} is neither a private key nor a file that holds one.`, {
    facts: { variable },
    hint: `Set ${variable} to 0x and 64 hex digits, or to the path of such a file.`,
  })
}

function parseKey(text: string): Hex | undefined {
  const digits = text.trim().replace(/^0x/, '')
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) return undefined
  const key: Hex = `0x${digits.toLowerCase()}`
  try {
    privateKeyToAddress(key)
    return key
  } catch {
    return undefined // Zero, or beyond the curve's order.
  }
}

export function readOrCreateKey(variable: string, value: string | undefined, file: string): Hex {
  if (value !== undefined) return readKey(variable, value)
  try {
    statSync(file)
  } catch {
    mkdirSync(resolve(file, '..'), { recursive: true })
    writeFileSync(file, `${toHex(randomBytes(32))}\n`, { mode: 0o600, flag: 'wx' })
  }
  return readKey(variable, file)
}
