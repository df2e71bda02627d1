import { type Codec, quoteStruct, receiptStruct, requestStruct } from '../../sdk/protocol/index.ts'

const hex = (bytes: number) => `0x${'5a'.repeat(bytes)}`
const bytes = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** The JSON form of a signed struct, as a receipt's file holds it. */
function structJson(fields: Record<string, Codec<unknown>>): object {
  const example = ({ solidity = '' }: Codec<unknown>) => {
    if (solidity === 'bytes32') return hex(32)
    return Number(solidity.slice(4)) > 53 ? '12345678901234567890' : 7
  }
  return Object.fromEntries(Object.entries(fields).map(([name, codec]) => [name, example(codec)]))
}

export function receiptBundleSeed(): Uint8Array {
  const [quote, request, receipt] = [quoteStruct, requestStruct, receiptStruct].map(({ fields }) =>
    structJson(fields as Record<string, Codec<unknown>>),
  )
  return bytes({
    version: 1,
    deployment: { chainId: 31337, escrow: hex(20), audits: hex(20), staking: hex(20) },
    provider: { node: hex(20), operator: hex(20), payee: hex(20), engineMajor: 1 },
    channel: { payer: hex(20), signer: hex(20), salt: '39614081257132168796771975168' },
    ...{ quote, request, receipt },
    ...{
      quoteSignature: hex(65),
      requestSignature: hex(65),
      receiptSignature: hex(65),
      receiptHash: hex(32),
    },
    ...{ cost: '1000', salt: hex(32), prompt: hex(12), output: hex(8) },
  })
}

export function deploymentSeed(): Uint8Array {
  const names = 'timelock court charges token models staking escrow beacon audits rewards'.split(' ')
  return bytes({
    ...{ network: 'test', chainId: 31337, genesis: 1_700_000_000, blockNumber: 1 },
    contracts: Object.fromEntries(names.map(name => [name, hex(20)])),
    params: {
      timetable: {
        ...{ epoch: 72, rootEnd: 1, randAt: 2, auditStart: 3, auditEnd: 4 },
        ...{ revealEnd: 5, finalizeEnd: 6, claimAt: 7 },
      },
      staking: { minProvider: '1000', slot: '5000', unbond: 60, challenge: 60 },
      escrow: { thaw: 60, feePpm: 10_000 },
      audits: { committee: 3, quorum: 2 },
    },
  })
}

export function manifestSeed(): Uint8Array {
  const sizes = { engineMajor: 1, layers: 2, dModel: 64, dFfn: 128, nHeads: 2, vocab: 300, maxContext: 512 }
  return bytes({ weightsRoot: hex(32), tokenizerHash: hex(32), specHash: hex(32), ...sizes })
}
