import { isDeepStrictEqual } from 'node:util'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { encode } from 'cborg'
import { pack, unpack } from '../../node/watchtower/parcel.ts'
import { sealKey } from '../../node/watchtower/seal.ts'
import { parseChatRequest } from '../../sdk/gateway/chat-request.ts'
import {
  framed,
  libp2pKey,
  OFFER_LIFETIME_SECONDS_MAX,
  offerAddresses,
  peerAddress,
} from '../../sdk/p2p/index.ts'
import { checkOffer } from '../../sdk/p2p/offers.ts'
import {
  AriaError,
  auditItem,
  auditReply,
  auditRequest,
  type Codec,
  channelId,
  checkReceiptBundle,
  type Deployed,
  decodeFrame,
  decodeJobMessage,
  digest,
  type ErrorCode,
  encodeFrame,
  encodeJobMessage,
  FRAME_BYTES_MAX,
  isEnergyWhole,
  isRegionShaped,
  JOB_MESSAGES,
  keySigner,
  modelId,
  type Offer,
  parcel,
  parcelRow,
  parseDeployment,
  parseManifest,
  parseReceiptBundle,
  publicReceipt,
  receiptsReply,
  receiptsRequest,
  SMALL_FRAME_BYTES_MAX,
  signedOffer,
} from '../../sdk/protocol/index.ts'
import { bytes32, signature, struct, uint32, uint64 } from '../../sdk/protocol/wire/codec.ts'
import { fakeStream } from './fake-stream.ts'
import { below, mutateBytes, mutateCbor, mutateJson, type Random } from './mutate.ts'
import { deploymentSeed, manifestSeed, receiptBundleSeed } from './seeds.ts'

/** One parser of what strangers send. */
export interface Target {
  name: string
  /** The errors that it may end with; everything else is a bug. */
  errors: readonly ErrorCode[]
  seeds(): Promise<Uint8Array[]>
  mutate(seeds: readonly Uint8Array[], random: Random): Uint8Array
  /** Parses, and checks what must hold for whatever was accepted. */
  run(input: Uint8Array, random: Random): unknown
}

class BrokenProperty extends Error {}
function require(holds: boolean, property: string): void {
  if (!holds) throw new BrokenProperty(property)
}

/** What travels in one field, found by asking its codec: the richest form that it takes. */
function example(codec: Codec<unknown>, parts: readonly unknown[]): unknown {
  if ('fields' in codec) {
    const fields = Object.values(codec.fields as Record<string, Codec<unknown>>)
    return fields.map(field => example(field, parts))
  }
  const bytes = [20, 32, 65, 8].map((length, at) => new Uint8Array(length).fill(at + 1))
  const candidates = [...bytes, ...parts.flatMap(part => [[part, part], part]), 'text', 7]
  return candidates.find(candidate => isTaken(codec, candidate)) ?? null
}

/** Structs that occur inside lists and optional fields, simple ones first; each may hold those before it. */
const NESTED = [
  JOB_MESSAGES[3][1].fields.voucher,
  JOB_MESSAGES[5][1],
  struct({ outputTokens: uint32, outputRoot: bytes32, signature }),
  struct({ hash: bytes32, sum: uint64 }),
  struct({ cursor: uint64, item: publicReceipt }),
  auditItem,
  parcelRow,
] as Codec<unknown>[]

function seedsOf(codec: Codec<unknown>, prefix: number[] = []): Uint8Array[] {
  const simple: unknown[] = [new Uint8Array([7, 1]), 'text']
  const parts = [...simple]
  for (const part of NESTED) parts.unshift(example(part, parts))
  // Optional fields with and without their value.
  return [parts, simple].map(known => Uint8Array.from([...prefix, ...encode(example(codec, known))]))
}

function isTaken(codec: Codec<unknown>, raw: unknown): boolean {
  try {
    codec.decode(raw, 'field')
    return true
  } catch {
    return false
  }
}

/** Whatever decodes has one encoding only: the one that came. A value with two would have two hashes. */
function checkOneEncoding(input: Uint8Array, again: Uint8Array): void {
  require(Buffer.compare(input, again) === 0, 'what decodes, encodes to the same bytes')
}

function codecTarget(name: string, codec: Codec<unknown>): Target {
  return {
    name,
    errors: ['bad_frame'],
    seeds: async () => seedsOf(codec),
    mutate: (seeds, random) => mutateCbor(seeds, random, 0),
    run: input => checkOneEncoding(input, encodeFrame(codec, decodeFrame(codec, input, name))),
  }
}

const jobMessages: Target = {
  name: 'job-messages',
  errors: ['bad_frame'],
  seeds: async () =>
    Object.entries(JOB_MESSAGES).flatMap(([tag, [, codec]]) =>
      seedsOf(codec as Codec<unknown>, [Number(tag)]),
    ),
  mutate: (seeds, random) => mutateCbor(seeds, random, 1),
  run: input => checkOneEncoding(input, encodeJobMessage(decodeJobMessage(input))),
}

/** A reference for the frame reader: what it must give for these bytes, however they are cut. */
function framesIn(bytes: Uint8Array, limit: number): { frames: Uint8Array[]; end: 'closed' | 'too large' } {
  const frames: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    let length = 0
    let shift = 0
    for (; ; shift++) {
      if (shift === 4) return { frames, end: 'too large' }
      const byte = bytes[at++]
      if (byte === undefined) return { frames, end: 'closed' }
      length += (byte & 0x7f) * 128 ** shift
      if (byte < 0x80) break
    }
    if (length > limit) return { frames, end: 'too large' }
    if (at + length > bytes.length) return { frames, end: 'closed' }
    frames.push(bytes.subarray(at, at + length))
    at += length
  }
  return { frames, end: 'closed' }
}

const frameReader: Target = {
  name: 'frame-reader',
  errors: [],
  seeds: async () => [
    Uint8Array.of(0, 1, 7, 3, 1, 2, 3),
    Uint8Array.of(0x80, 1, ...new Uint8Array(128), 2, 5, 6),
    Uint8Array.of(0x81, 0x20, ...new Uint8Array(4097)),
    Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
    Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0),
  ],
  mutate: mutateBytes,
  run: async (input, random) => {
    const stream = fakeStream()
    const reader = framed(stream)
    const limit = random() < 0.5 ? SMALL_FRAME_BYTES_MAX : FRAME_BYTES_MAX
    reader.limit(limit)
    const cuts = Array.from({ length: below(random, 5) }, () => below(random, input.length + 1)).sort(
      (a, b) => a - b,
    )
    for (const [at, from] of [0, ...cuts].entries())
      stream.arrive(input.subarray(from, cuts[at] ?? input.length))
    stream.end()
    require(reader.unread() <= 2 * limit || stream.isAborted(), 'what is unread stays within two frames')
    const read: Uint8Array[] = []
    let end = 'closed'
    try {
      for (let frame = await reader.read(); frame !== undefined; frame = await reader.read()) read.push(frame)
    } catch (thrown) {
      require(thrown instanceof AriaError && thrown.code === 'frame_too_large', `${thrown}`)
      end = 'too large'
    }
    const expected = framesIn(input, limit)
    if (stream.isAborted()) return
    require(end === expected.end &&
      isDeepStrictEqual(
        read.map(Buffer.from),
        expected.frames.map(Buffer.from),
      ), 'frames come out as they went in')
  },
}

const DEPLOYED: Deployed = { chainId: 31337, escrow: `0x${'e1'.repeat(20)}`, audits: `0x${'a1'.repeat(20)}` }
const NODE_KEY = `0x${'11'.repeat(32)}` as const
const NOW_SECONDS = 1_800_000_000
const node = keySigner(NODE_KEY)
const peer = peerIdFromPrivateKey(libp2pKey(NODE_KEY))

const offers: Target = {
  name: 'offers',
  errors: ['bad_frame', 'bad_offer', 'bad_signature', 'quote_expired'],
  seeds: async () => {
    const offer: Offer = {
      ...{ operator: `0x${'01'.repeat(20)}`, payee: `0x${'02'.repeat(20)}`, modelId: `0x${'03'.repeat(32)}` },
      ...{
        engineMajor: 1,
        pricePerInputToken: 5n,
        pricePerOutputToken: 2n ** 64n,
        contextMax: 512,
        slotsFree: 2,
      },
      ...{ depositMin: 7n, region: 'DE-BE', energySource: 1, energyPerToken: 850_000 },
      ...{ sequence: 9n, validUntil: NOW_SECONDS + OFFER_LIFETIME_SECONDS_MAX },
      multiaddrs: ['/ip4/127.0.0.1/tcp/4631', '/dns4/example.org/tcp/1'],
    }
    const silent = { ...offer, depositMin: 0n, region: '', energySource: 0, energyPerToken: 0 }
    return Promise.all(
      [offer, silent].map(async each => {
        const signature = await node.sign(digest('Offer', each, DEPLOYED))
        return encodeFrame(signedOffer, { offer: each, signature })
      }),
    )
  },
  mutate: (seeds, random) => mutateCbor(seeds, random, 0),
  run: async input => {
    const known = await checkOffer(input, peer, DEPLOYED, NOW_SECONDS * 1000)
    require(known.node === peerAddress(peer), 'an accepted offer is signed by its peer')
    const { region } = known.offer
    require(region === '' || isRegionShaped(region), 'a region is shaped like one')
    require(isEnergyWhole(known.offer), 'an energy has its measure')
    checkOneEncoding(input, encodeFrame(signedOffer, { offer: known.offer, signature: known.signature }))
    offerAddresses(known)
  },
}

const towerKey = sealKey(`0x${'77'.repeat(32)}`)

const sealedParcels: Target = {
  name: 'sealed-parcel',
  errors: ['bad_proof', 'bad_frame', 'bad_signature', 'wrong_chain', 'frame_too_large'],
  seeds: async () => {
    const parts = { payer: node.address, signer: node.address, salt: 2n ** 95n }
    const payee = node.address
    const value = { channelId: channelId(parts, payee), maxClaimableAmount: 2n ** 70n }
    const signature = await node.sign(digest('Voucher', value, DEPLOYED))
    const rows = [{ parts, voucher: { total: 2n ** 70n, signature } }]
    return [await pack(rows, { payee, deployed: DEPLOYED, signer: node, tower: towerKey.publicKey })]
  },
  mutate: mutateBytes,
  run: async input => {
    const taken = await unpack(input, towerKey, DEPLOYED)
    require(taken.node === node.address, 'nobody but the node made the parcel')
  },
}

const text = (input: Uint8Array) => new TextDecoder().decode(input)

const bundles: Target = {
  name: 'receipt-bundle',
  errors: ['bad_proof'],
  seeds: async () => [receiptBundleSeed()],
  mutate: mutateJson,
  run: async input => checkReceiptBundle(parseReceiptBundle(text(input), 'input')),
}

const deployments: Target = {
  name: 'deployment',
  errors: ['bad_deployment'],
  seeds: async () => [deploymentSeed()],
  mutate: mutateJson,
  run: input => {
    const json = tryJson(input)
    if (json !== undefined) parseDeployment(json, 'input')
  },
}

const manifests: Target = {
  name: 'manifest',
  errors: ['bad_proof'],
  seeds: async () => [manifestSeed()],
  mutate: mutateJson,
  run: input => {
    const json = tryJson(input)
    if (json !== undefined) modelId(parseManifest(json, 'input'))
  },
}

const chat: Target = {
  name: 'chat-request',
  errors: ['bad_request'],
  seeds: async () => [
    Buffer.from(
      JSON.stringify({
        ...{
          model: 'aria-1',
          stream: true,
          stream_options: { include_usage: true },
          max_tokens: 9,
          top_p: 0.5,
        },
        ...{ temperature: 1, seed: 7, stop: ['a', 'b'], n: 1, tools: [], response_format: { type: 'text' } },
        aria: { priceMax: { input: '0.5', output: '2' }, region: 'DE-BE', energy: 'least' },
        messages: [
          { role: 'system', content: 'x' },
          { role: 'user', content: [{ type: 'text', text: 'y' }] },
        ],
      }),
    ),
  ],
  mutate: mutateJson,
  run: input => {
    const json = tryJson(input)
    if (json === undefined) return
    const { sampling, seed, messages, constraints } = parseChatRequest(json)
    require(seed >= 0n && seed < 2n ** 64n, 'the seed fits 64 bits')
    require(messages.every(({ content }) => typeof content === 'string'), 'messages are text')
    require(constraints.region === undefined || isRegionShaped(constraints.region), 'a region is one')
    require(Object.values(sampling).every(Number.isInteger), 'sampling is in integers')
  },
}

/** JSON's own errors are the standard library's, which this does not test. */
function tryJson(input: Uint8Array): unknown {
  try {
    return JSON.parse(text(input))
  } catch {
    return undefined
  }
}

export const TARGETS: readonly Target[] = [
  jobMessages,
  codecTarget('receipts-request', receiptsRequest as Codec<unknown>),
  codecTarget('receipts-reply', receiptsReply as Codec<unknown>),
  codecTarget('audit-request', auditRequest as Codec<unknown>),
  codecTarget('audit-reply', auditReply as Codec<unknown>),
  codecTarget('public-receipt', publicReceipt as Codec<unknown>),
  codecTarget('parcel', parcel as Codec<unknown>),
  ...[sealedParcels, frameReader, offers, bundles, deployments, manifests, chat],
]
