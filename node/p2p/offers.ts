import { type Host, OFFER_INTERVAL_MS_MIN, publishOffer } from '@aria/sdk/p2p'
import {
  type Address,
  AriaError,
  type Deployed,
  digest,
  type EnergyClaim,
  encodeFrame,
  energyFields,
  type Hex,
  OFFER_BYTES_MAX,
  type Offer,
  type SignedOffer,
  type Signer,
  signedOffer,
} from '@aria/sdk/protocol'
import type { ChainClock } from '../chain/clock.ts'
import type { Log } from '../observe/log.ts'
import type { Prices, ServedModel } from './job/context.ts'

const OFFER_INTERVAL_MS = 5_000
/** Whoever just joined should not wait for the next turn; receivers take at most one offer a second from a node. */
const OFFER_PAUSE_MS = OFFER_INTERVAL_MS_MIN + 200
const OFFER_SECONDS = 30
const MULTIADDRS_MAX = 4

export interface OfferLoop {
  /** Hash of the newest offer; quotes refer to it. */
  hash(): Hex
  stop(): void
}

export interface OfferComponents {
  host: Host
  deployed: Deployed
  signer: Signer
  operator: Address
  payee: Address
  model: ServedModel
  prices: Prices
  /** What the operator says of the machine. */
  claims: { region: string | undefined; energy: EnergyClaim | undefined }
  clock: Pick<ChainClock, 'nowSeconds'>
  slotsFree: () => number
  log: Log
}

/** Announces the price every few seconds while the node serves. Resolves after the first one. */
export async function announceOffers(components: OfferComponents): Promise<OfferLoop> {
  const { host, deployed, log } = components
  let sequence = 0n
  let hash: Hex

  const announce = async () => {
    // Milliseconds keep the order over restarts without a file.
    sequence = BigInt(Math.max(Date.now(), Number(sequence) + 1))
    const signed = await makeOffer(components, sequence)
    hash = digest('Offer', signed.offer, deployed)
    await publishOffer(host, deployed, signed)
  }
  await announce()

  let timer: NodeJS.Timeout | undefined
  let announcedMs = performance.now()
  const announceIn = (delayMs: number) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      announcedMs = performance.now()
      announceIn(OFFER_INTERVAL_MS)
      announce().catch(error => log.warn({ error: error.message }, 'Offer not published'))
    }, delayMs)
  }
  const onSubscription = () => announceIn(Math.max(0, announcedMs + OFFER_PAUSE_MS - performance.now()))
  const { pubsub } = host.services
  pubsub.addEventListener('subscription-change', onSubscription)
  announceIn(OFFER_INTERVAL_MS)
  return {
    hash: () => hash,
    stop: () => {
      clearTimeout(timer)
      pubsub.removeEventListener('subscription-change', onSubscription)
    },
  }
}

async function makeOffer(
  { host, deployed, signer, operator, payee, model, prices, claims, clock, slotsFree }: OfferComponents,
  sequence: bigint,
): Promise<SignedOffer> {
  const addresses = host.getMultiaddrs().map(String).slice(0, MULTIADDRS_MAX)
  const offer: Offer = {
    operator,
    payee,
    modelId: model.id,
    engineMajor: model.engineMajor,
    pricePerInputToken: prices.perInputToken,
    pricePerOutputToken: prices.perOutputToken,
    contextMax: model.contextMax,
    slotsFree: slotsFree(),
    depositMin: prices.depositMin,
    region: claims.region ?? '',
    ...energyFields(claims.energy),
    sequence,
    validUntil: clock.nowSeconds() + OFFER_SECONDS,
    multiaddrs: addresses,
  }
  // Gossip is small by rule: addresses that do not fit stay out, the first ones are the best.
  for (; offer.multiaddrs.length > 0; offer.multiaddrs.pop()) {
    const signed = { offer, signature: await signer.sign(digest('Offer', offer, deployed)) }
    if (encodeFrame(signedOffer, signed).length <= OFFER_BYTES_MAX) return signed
  }
  throw new AriaError('bad_config', 'The node has no address to announce.', {
    facts: { addresses },
    hint: 'Set ARIA_LISTEN to an address such as /ip4/0.0.0.0/tcp/4631.',
  })
}
