import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { publicKeyToAddress } from 'viem/accounts'
import { type Address, AriaError, fromHex, type Hex, toHex } from '../protocol/index.ts'

/** A node's libp2p key is a secp256k1 key; its Ethereum address is the node key registered in Staking. */
export function libp2pKey(privateKey: Hex): PrivateKey {
  return privateKeyFromRaw(fromHex(privateKey, 32))
}

/** The Ethereum address behind a peer id, so the peer that is dialled is provably the operator that staked. */
export function peerAddress(peer: PeerId): Address {
  const key = peer.publicKey
  if (key === undefined || key.type !== 'secp256k1') {
    throw new AriaError('bad_signature', `Peer ${peer} has no secp256k1 key.`, {
      hint: 'ARIA peers use secp256k1 identities.',
    })
  }
  const uncompressed = secp256k1.Point.fromBytes(key.raw).toBytes(false)
  return publicKeyToAddress(toHex(uncompressed)).toLowerCase() as Address
}
