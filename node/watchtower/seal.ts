import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { AriaError, concat, fromHex, type Hex, toHex } from '@aria/sdk/protocol'

/** Name and version of the format; part of what is authenticated. */
const MAGIC = new TextEncoder().encode('ariawt01')
const KEY_BYTES = 32
const TAG_BYTES = 16
/** A key seals one message only, so its nonce may be fixed. */
const NONCE = new Uint8Array(12)
/** RFC 8410: what precedes a raw X25519 key in PKCS#8 and SPKI. */
const PKCS8_PREFIX = fromHex('302e020100300506032b656e04220420')
const SPKI_PREFIX = fromHex('302a300506032b656e032100')

export interface SealKey {
  /** 32 bytes, to be kept like any key. */
  secret: Hex
  /** What others seal to. */
  publicKey: Hex
}

export function newSealKey(): SealKey {
  const { privateKey } = generateKeyPairSync('x25519')
  return sealKey(toHex(raw(privateKey.export({ type: 'pkcs8', format: 'der' }))))
}

/** The key pair of a secret. @throws AriaError `bad_frame` when it has another length. */
export function sealKey(secret: Hex): SealKey {
  return { secret, publicKey: toHex(publicOf(privateKeyOf(secret))) }
}

const raw = (der: Uint8Array) => der.subarray(der.length - KEY_BYTES)
const publicOf = (key: KeyObject) =>
  Uint8Array.from(raw(createPublicKey(key).export({ type: 'spki', format: 'der' })))

function privateKeyOf(secret: Hex): KeyObject {
  const key = Buffer.from(concat(PKCS8_PREFIX, fromHex(secret, KEY_BYTES)))
  return createPrivateKey({ key, type: 'pkcs8', format: 'der' })
}

function publicKeyOf(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concat(SPKI_PREFIX, bytes)), type: 'spki', format: 'der' })
}

/**
 * Seals bytes to one reader: magic | ephemeral public key | ChaCha20-Poly1305 text | tag. The key is HKDF-SHA256 over the
 * X25519 secret, bound to both public keys (RFC 7748, 5869, 8439); nobody but the reader opens it, the writer included.
 */
export function seal(content: Uint8Array, reader: Hex): Uint8Array {
  const { privateKey } = generateKeyPairSync('x25519')
  const ephemeral = publicOf(privateKey)
  const header = concat(MAGIC, ephemeral)
  const readerKey = fromHex(reader, KEY_BYTES)
  const key = derive(privateKey, readerKey, concat(header, readerKey))
  const cipher = createCipheriv('chacha20-poly1305', key, NONCE, { authTagLength: TAG_BYTES })
  cipher.setAAD(header, { plaintextLength: content.length })
  const text = concat(cipher.update(content), cipher.final())
  return concat(header, text, cipher.getAuthTag())
}

/** @throws AriaError `bad_proof` for anything that was not sealed to this key exactly as it is. */
export function unseal(sealed: Uint8Array, { secret, publicKey }: SealKey): Uint8Array {
  const headerBytes = MAGIC.length + KEY_BYTES
  const isLongEnough = sealed.length >= headerBytes + TAG_BYTES
  if (!isLongEnough || !MAGIC.every((byte, at) => sealed[at] === byte))
    throw notSealed(`${sealed.length} bytes are no sealed parcel of vouchers`)
  const header = sealed.slice(0, headerBytes)
  const text = sealed.subarray(headerBytes, sealed.length - TAG_BYTES)
  try {
    const info = concat(header, fromHex(publicKey, KEY_BYTES))
    const key = derive(privateKeyOf(secret), header.subarray(MAGIC.length), info)
    const decipher = createDecipheriv('chacha20-poly1305', key, NONCE, { authTagLength: TAG_BYTES })
    decipher.setAAD(header, { plaintextLength: text.length })
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    return concat(decipher.update(text), decipher.final())
  } catch (cause) {
    throw notSealed('The parcel was sealed to another key, or was changed', cause)
  }
}

function derive(own: KeyObject, other: Uint8Array, info: Uint8Array): Uint8Array {
  const shared = diffieHellman({ privateKey: own, publicKey: publicKeyOf(other) })
  return new Uint8Array(hkdfSync('sha256', shared, new Uint8Array(0), info, KEY_BYTES))
}

function notSealed(what: string, cause?: unknown): AriaError {
  return new AriaError('bad_proof', `${what}.`, {
    hint: 'Seal it again to the key that "aria watchtower key" prints.',
    ...(cause === undefined ? {} : { cause }),
  })
}
