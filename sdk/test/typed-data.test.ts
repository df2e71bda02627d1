import { hashTypedData } from 'viem'
import { describe, expect, test } from 'vitest'
import { eip712TypeStrings } from '../protocol/abi/index.ts'
import {
  type Deployed,
  digest,
  type Hex,
  keySigner,
  members,
  recoverStruct,
  requireSigner,
  type SignedName,
  type SignedValue,
  signStruct,
} from '../protocol/index.ts'
import { DEPLOYED } from './helpers/deployment.ts'

const hash = (byte: string): Hex => `0x${byte.repeat(32)}`
const address = (byte: string): Hex => `0x${byte.repeat(20)}`

const VALUES: { [N in SignedName]: SignedValue<N> } = {
  Offer: {
    ...{ operator: address('01'), payee: address('02'), modelId: hash('03'), engineMajor: 4 },
    ...{ pricePerInputToken: 5n, pricePerOutputToken: 6n, contextMax: 7, slotsFree: 8 },
    ...{ depositMin: 11n, region: 'DE-BE', energySource: 12, energyPerToken: 13 },
    ...{ sequence: 9n, validUntil: 10, multiaddrs: ['/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/2'] },
  },
  Quote: {
    ...{ offerHash: hash('01'), channelId: hash('02'), modelId: hash('03') },
    ...{ pricePerInputToken: 4n, pricePerOutputToken: 5n, inputTokens: 6, maxOutputTokens: 7 },
    ...{ windowTokens: 8, prefillSharePercent: 9, nonce: 10n, validUntil: 11 },
  },
  Request: {
    ...{ quoteHash: hash('01'), channelId: hash('02'), requestId: hash('03'), promptCommit: hash('04') },
    ...{
      inputTokens: 5,
      answeredTokens: 13,
      maxOutputTokens: 6,
      temperature: 7,
      topK: 8,
      topP: 9,
      seed: 10n,
      base: 11n,
      deadline: 12,
    },
  },
  Checkpoint: { requestHash: hash('01'), outputTokens: 2, outputRoot: hash('03') },
  Resume: { requestHash: hash('01'), outputTokens: 2 },
  Receipt: {
    ...{ requestHash: hash('01'), modelId: hash('02'), promptCommit: hash('03'), outputRoot: hash('04') },
    ...{ samplingHash: hash('05'), seed: 6n, inputTokens: 7, outputTokens: 8, cumulativeDue: 9n },
    ...{ finish: 1, flags: 1, startedAt: 12, endedAt: 13 },
  },
  Voucher: { channelId: hash('01'), maxClaimableAmount: 2n },
}

/** Written by hand from the protocol's text, so that a changed codec cannot change both sides. */
const TYPE_STRINGS: Record<SignedName, string> = {
  Offer:
    'Offer(address operator,address payee,bytes32 modelId,uint32 engineMajor,uint96 pricePerInputToken,uint96 pricePerOutputToken,uint32 contextMax,uint32 slotsFree,uint96 depositMin,string region,uint8 energySource,uint32 energyPerToken,uint64 sequence,uint40 validUntil,string[] multiaddrs)',
  Quote:
    'Quote(bytes32 offerHash,bytes32 channelId,bytes32 modelId,uint96 pricePerInputToken,uint96 pricePerOutputToken,uint32 inputTokens,uint32 maxOutputTokens,uint32 windowTokens,uint8 prefillSharePercent,uint64 nonce,uint40 validUntil)',
  Request:
    'Request(bytes32 quoteHash,bytes32 channelId,bytes32 requestId,bytes32 promptCommit,uint32 inputTokens,uint32 answeredTokens,uint32 maxOutputTokens,uint32 temperature,uint32 topK,uint32 topP,uint64 seed,uint96 base,uint40 deadline)',
  Checkpoint: 'Checkpoint(bytes32 requestHash,uint32 outputTokens,bytes32 outputRoot)',
  Resume: 'Resume(bytes32 requestHash,uint32 outputTokens)',
  Receipt:
    'Receipt(bytes32 requestHash,bytes32 modelId,bytes32 promptCommit,bytes32 outputRoot,bytes32 samplingHash,uint64 seed,uint32 inputTokens,uint32 outputTokens,uint96 cumulativeDue,uint8 finish,uint8 flags,uint40 startedAt,uint40 endedAt)',
  Voucher: 'Voucher(bytes32 channelId,uint128 maxClaimableAmount)',
}

/** Pinned digests of VALUES: changing one breaks every signature ever made. */
const GOLDEN: Record<SignedName, Hex> = {
  Offer: '0x7651d66f5ae94078a315718e3e0ef3b2e1fbba107cc8fb15a7dab4b66e8785bb',
  Quote: '0x74fed1a314c4fde56686d988050d05d1bf55386ff11f198b1a0e997b74377a5d',
  Request: '0xa2e67e4d13f95a94df36c667be5ce3369ed9e5bffd1e383245ab032ea96e188e',
  Checkpoint: '0xafc6350f613578713fcf77a4711564b51cfcc20e48eb784203603e231bae4910',
  Resume: '0x839175009cd685b0a5b3ca302a860990b530bb045515ba71cc8a6ff68182edf2',
  Receipt: '0x8406b915086c39f950322ee92e9661f298199e247cd3d24823cfae349be56d9a',
  Voucher: '0x2444e0852a2ec3980f589065551c58d1914b3af36aff069bc89e8535871e49f9',
}

const names = Object.keys(VALUES) as SignedName[]
const digestOf = (name: SignedName, value: object, deployed = DEPLOYED) =>
  digest(name, value as never, deployed)

function handWritten(name: SignedName): Hex {
  const fields = TYPE_STRINGS[name].slice(name.length + 1, -1).split(',')
  const types = { [name]: fields.map(field => ({ type: field.split(' ')[0]!, name: field.split(' ')[1]! })) }
  const isVoucher = name === 'Voucher'
  const domain = {
    name: isVoucher ? 'ARIA Escrow' : 'ARIA Jobs',
    version: '1',
    chainId: 31337,
    verifyingContract: isVoucher ? address('44') : address('66'),
  }
  return hashTypedData({ domain, types, primaryType: name, message: VALUES[name] as Record<string, unknown> })
}

function other(value: unknown): unknown {
  if (typeof value === 'bigint') return value + 1n
  if (typeof value === 'number') return value + 1
  if (Array.isArray(value)) return [...value].reverse()
  const text = value as string
  return `${text.slice(0, -1)}${text.endsWith('f') ? '0' : 'f'}`
}

describe.each(names)('%s', name => {
  test('has the members that the protocol names, in its order', () => {
    const found = members(name).map(member => `${member.type} ${member.name}`)

    expect(`${name}(${found.join(',')})`).toBe(TYPE_STRINGS[name])
  })

  test('hashes as written by hand, and as ever', () => {
    expect(digestOf(name, VALUES[name])).toBe(handWritten(name))
    expect(digestOf(name, VALUES[name])).toBe(GOLDEN[name])
  })

  test('hashes differently when any field changes', () => {
    const hashes = Object.entries(VALUES[name]).map(([field, value]) =>
      digestOf(name, { ...VALUES[name], [field]: other(value) }),
    )

    expect(new Set([...hashes, GOLDEN[name]]).size).toBe(hashes.length + 1)
  })

  test('hashes differently on another chain and for another contract', () => {
    const elsewhere: Deployed[] = [
      { ...DEPLOYED, chainId: 1 },
      { ...DEPLOYED, escrow: address('99'), audits: address('99') },
    ]

    for (const deployed of elsewhere) expect(digestOf(name, VALUES[name], deployed)).not.toBe(GOLDEN[name])
  })
})

test('a voucher has the type string of the Escrow contract', () => {
  expect(TYPE_STRINGS.Voucher).toBe(eip712TypeStrings.Voucher)
})

test('the other form of a signature, which no contract accepts, proves nothing here either', async () => {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const signer = keySigner(`0x${'07'.repeat(32)}`)
  const signature = await signStruct('Voucher', VALUES.Voucher, DEPLOYED, signer)
  const r = signature.slice(2, 66)
  const highS = (order - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0')
  const malleated = `0x${r}${highS}${signature.endsWith('1b') ? '1c' : '1b'}` as const

  const recovered = recoverStruct('Voucher', VALUES.Voucher, malleated, DEPLOYED)
  await expect(recovered).rejects.toMatchObject({ code: 'bad_signature' })
})

test('a signature proves its signer, and nothing else', async () => {
  const signer = keySigner(`0x${'07'.repeat(32)}`)
  const signature = await signStruct('Voucher', VALUES.Voucher, DEPLOYED, signer)

  expect(await recoverStruct('Voucher', VALUES.Voucher, signature, DEPLOYED)).toBe(signer.address)
  const more = { ...VALUES.Voucher, maxClaimableAmount: 3n }
  const check = requireSigner('Voucher', more, signature, DEPLOYED, signer.address)
  await expect(check).rejects.toMatchObject({ code: 'bad_signature' })
  const broken = recoverStruct('Voucher', VALUES.Voucher, `0x${'ff'.repeat(65)}`, DEPLOYED)
  await expect(broken).rejects.toMatchObject({ code: 'bad_signature' })
})
