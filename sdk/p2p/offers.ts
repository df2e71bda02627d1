import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import {
  type Address,
  AriaError,
  type Deployed,
  decodeFrame,
  encodeFrame,
  isEnergyWhole,
  isRegionShaped,
  OFFER_BYTES_MAX,
  type Offer,
  offerTopic,
  recoverStruct,
  type SignedOffer,
  signedOffer,
  toAriaError,
} from '../protocol/index.ts'
import type { Host } from './host.ts'
import { peerAddress } from './identity.ts'

/** Offers that live longer would outlast the truth they state. */
export const OFFER_LIFETIME_SECONDS_MAX = 60
/** A provider may refresh this often; faster is spam. */
export const OFFER_INTERVAL_MS_MIN = 1_000
/** Distinct providers remembered; beyond, the oldest offer goes. */
export const OFFERS_MAX = 4_096

export interface KnownOffer extends SignedOffer {
  /** Address of the node key that signed: the provider's peer. */
  node: Address
  peer: PeerId
  receivedAtMs: number
}

export interface OfferBook {
  /** Offers still valid now, newest per node. */
  current(): KnownOffer[]
  close(): void
}

export interface OfferBookInit {
  host: Host
  deployed: Deployed
  nowMs?: () => number
  onOffer?: (offer: KnownOffer) => void
}

export async function publishOffer(host: Host, deployed: Deployed, signed: SignedOffer): Promise<void> {
  const bytes = encodeFrame(signedOffer, signed)
  if (bytes.length > OFFER_BYTES_MAX) {
    throw new AriaError(
      'bad_offer',
      `The offer takes ${bytes.length} bytes, the limit is ${OFFER_BYTES_MAX}.`,
      {
        hint: 'Announce fewer or shorter multiaddrs.',
      },
    )
  }
  await host.services.pubsub.publish(offerTopic(deployed.chainId, deployed.escrow), bytes)
}

/** Subscribes to the market's offers and keeps the newest valid one of each node. */
export function watchOffers({ host, deployed, nowMs = Date.now, onOffer }: OfferBookInit): OfferBook {
  const topic = offerTopic(deployed.chainId, deployed.escrow)
  const byNode = new Map<Address, KnownOffer>()
  const pubsub = host.services.pubsub

  // The first argument is whoever passed the message on; only its signed author can vouch for an offer.
  pubsub.topicValidators.set(topic, async (_relay, message) => {
    if (message.type !== 'signed') return TopicValidatorResult.Reject
    try {
      const known = await checkOffer(message.data, message.from, deployed, nowMs())
      const best = byNode.get(known.node)
      if (best !== undefined && best.offer.sequence >= known.offer.sequence)
        return TopicValidatorResult.Ignore
      if (best !== undefined && known.receivedAtMs - best.receivedAtMs < OFFER_INTERVAL_MS_MIN)
        return TopicValidatorResult.Ignore
      byNode.delete(known.node)
      byNode.set(known.node, known)
      if (byNode.size > OFFERS_MAX) byNode.delete(byNode.keys().next().value!)
      onOffer?.(known)
      return TopicValidatorResult.Accept
    } catch (thrown) {
      // An expired offer may be slow gossip: nobody's fault. Anything else is the sender's.
      return toAriaError(thrown).code === 'quote_expired'
        ? TopicValidatorResult.Ignore
        : TopicValidatorResult.Reject
    }
  })
  pubsub.subscribe(topic)

  return {
    current: () => [...byNode.values()].filter(({ offer }) => offer.validUntil * 1000 > nowMs()),
    close: () => {
      pubsub.unsubscribe(topic)
      pubsub.topicValidators.delete(topic)
    },
  }
}

/** @throws AriaError `bad_frame`, `bad_offer`, `bad_signature` (the sender's fault) or `quote_expired` (nobody's). */
export async function checkOffer(
  data: Uint8Array,
  from: PeerId,
  deployed: Deployed,
  nowMs: number,
): Promise<KnownOffer> {
  if (data.length > OFFER_BYTES_MAX) throw new AriaError('bad_offer', `The offer takes ${data.length} bytes.`)
  const signed = decodeFrame(signedOffer, data, 'offer')
  checkLifetime(signed.offer, nowMs)
  checkClaims(signed.offer)
  const node = await recoverStruct('Offer', signed.offer, signed.signature, deployed)
  if (node !== peerAddress(from)) {
    throw new AriaError('bad_signature', `The offer of ${node} was published by another peer.`, {
      facts: { from: from.toString() },
    })
  }
  return { ...signed, node, peer: from, receivedAtMs: nowMs }
}

function checkLifetime({ validUntil }: Offer, nowMs: number): void {
  const nowSeconds = nowMs / 1000
  if (validUntil <= nowSeconds) throw new AriaError('quote_expired', `The offer ended at ${validUntil}.`)
  if (validUntil > nowSeconds + OFFER_LIFETIME_SECONDS_MAX * 2) {
    throw new AriaError(
      'bad_offer',
      `The offer claims to be valid until ${validUntil}, more than ${OFFER_LIFETIME_SECONDS_MAX} s ahead.`,
    )
  }
}

/** What an operator says of its machine must at least mean something. */
function checkClaims({ region, energySource, energyPerToken }: Offer): void {
  if (region !== '' && !isRegionShaped(region)) {
    throw new AriaError('bad_offer', `The offer's region "${region}" is no ISO 3166 code.`, {
      facts: { region },
      hint: 'Name a country and, if wanted, a subdivision: DE or DE-BE.',
    })
  }
  if (isEnergyWhole({ energySource, energyPerToken })) return
  throw new AriaError(
    'bad_offer',
    'The offer claims an energy without a measure, or a measure without one.',
    {
      facts: { energySource, energyPerToken },
      hint: 'Both are zero when nothing is claimed.',
    },
  )
}
