import { afterEach, expect, test } from 'vitest'
import { createHost, type Host, publishOffer, watchOffers } from '../p2p/index.ts'
import { checkOffer } from '../p2p/offers.ts'
import {
  encodeFrame,
  type Hex,
  keySigner,
  type Offer,
  offerStruct,
  offerTopic,
  type SignedOffer,
  signedOffer,
  signStruct,
} from '../protocol/index.ts'
import { struct } from '../protocol/wire/codec.ts'
import { DEPLOYED } from './helpers/deployment.ts'
import { MODEL_ID, randomKey } from './helpers/scripted-provider.ts'

const hosts: Host[] = []

afterEach(async () => {
  await Promise.all(hosts.splice(0).map(host => host.stop()))
})

async function host(key: Hex, bootstrap: Host[] = []): Promise<Host> {
  const addresses = bootstrap.flatMap(peer => peer.getMultiaddrs().map(String))
  const started = await createHost({
    privateKey: key,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: addresses,
  })
  hosts.push(started)
  return started
}

async function offerOf(key: Hex, change: Partial<Offer> = {}): Promise<SignedOffer> {
  const { address } = keySigner(key)
  const offer: Offer = {
    ...{ operator: address, payee: address, modelId: MODEL_ID, engineMajor: 1 },
    ...{ pricePerInputToken: 1n, pricePerOutputToken: 2n, contextMax: 1024, slotsFree: 1, sequence: 1n },
    ...{ depositMin: 0n, region: '', energySource: 0, energyPerToken: 0 },
    ...{ validUntil: Math.trunc(Date.now() / 1000) + 30, multiaddrs: [] },
    ...change,
  }
  return { offer, signature: await signStruct('Offer', offer, DEPLOYED, keySigner(key)) }
}

test('an offer reaches a peer that knows its author only through another', async () => {
  const [author, relay, reader] = [randomKey(1), randomKey(2), randomKey(3)]
  const first = await host(author)
  const books = [watchOffers({ host: first, deployed: DEPLOYED })]
  const second = await host(relay, [first])
  books.push(watchOffers({ host: second, deployed: DEPLOYED }))
  const heard = Promise.withResolvers<Hex>()
  const third = await host(reader, [second])
  books.push(watchOffers({ host: third, deployed: DEPLOYED, onOffer: ({ node }) => heard.resolve(node) }))

  let sequence = 0n
  const timer = setInterval(async () => {
    sequence++
    await publishOffer(first, DEPLOYED, await offerOf(author, { sequence }))
  }, 300)
  const node = await heard.promise
  clearInterval(timer)

  expect(node).toBe(keySigner(author).address)
  expect(third.getPeers().map(String)).toEqual([second.peerId.toString()])
  for (const book of books) book.close()
})

test('an offer of another key than its author’s, or past its time, is refused', async () => {
  const author = await host(randomKey(1))
  const check = async (key: Hex, change: Partial<Offer> = {}) => {
    const bytes = encodeFrame(signedOffer, await offerOf(key, change))
    return await checkOffer(bytes, author.peerId, DEPLOYED, Date.now())
  }

  expect((await check(randomKey(1))).node).toBe(keySigner(randomKey(1)).address)
  await expect(check(randomKey(2))).rejects.toMatchObject({ code: 'bad_signature' })
  await expect(check(randomKey(1), { validUntil: 1 })).rejects.toMatchObject({ code: 'quote_expired' })
  const far = Math.trunc(Date.now() / 1000) + 3_600
  await expect(check(randomKey(1), { validUntil: far })).rejects.toMatchObject({ code: 'bad_offer' })
})

test('an offer says of its machine what has a meaning, or nothing', async () => {
  const author = await host(randomKey(1))
  const check = async (change: Partial<Offer>) => {
    const bytes = encodeFrame(signedOffer, await offerOf(randomKey(1), change))
    return await checkOffer(bytes, author.peerId, DEPLOYED, Date.now())
  }
  const fine = [
    ...['DE', 'DE-B', 'DE-BE', 'GB-ENG', ''].map(region => ({ region })),
    ...[1, 2].map(energySource => ({ energySource, energyPerToken: 2 ** 32 - 1 })),
    { depositMin: 2n ** 96n - 1n },
  ]
  const meaningless = [
    ...['D', 'de', 'DEU', 'DE-', 'DE-be', 'D\u0415'].map(region => ({ region })),
    ...[
      [1, 0],
      [0, 1],
      [3, 1],
    ].map(([energySource, energyPerToken]) => ({ energySource, energyPerToken }) as Partial<Offer>),
  ]

  for (const change of fine) expect((await check(change)).offer).toMatchObject(change)
  for (const change of meaningless) await expect(check(change)).rejects.toMatchObject({ code: 'bad_offer' })
  await expect(check({ region: 'GB-ENGL' })).rejects.toMatchObject({ code: 'bad_frame' })
})

test('an offer of the fields before is refused, and travels on another topic', async () => {
  const author = await host(randomKey(1))
  const { offer, signature } = await offerOf(randomKey(1))
  const { depositMin, region, energySource, energyPerToken, ...before } = offer
  const { depositMin: _, region: __, energySource: ___, energyPerToken: ____, ...fields } = offerStruct.fields
  const old = struct({ offer: struct(fields), signature: signedOffer.fields.signature })
  const bytes = encodeFrame(old, { offer: before, signature })

  const refused = checkOffer(bytes, author.peerId, DEPLOYED, Date.now())
  await expect(refused).rejects.toMatchObject({ code: 'bad_frame' })
  expect(offerTopic(1, '0xAB')).toBe('/aria/offers/2/1/0xab')
  expect([depositMin, region, energySource, energyPerToken]).toEqual([0n, '', 0, 0])
})

test('a peer that starts late is still found', async () => {
  const late = randomKey(4)
  const port = await freePort()
  const probe = await host(late)
  const address = `/ip4/127.0.0.1/tcp/${port}/p2p/${probe.peerId}`
  await probe.stop()
  const early = await createHost({ privateKey: randomKey(5), bootstrap: [address] })
  hosts.push(early)
  const connected = new Promise(resolve => early.addEventListener('peer:connect', resolve, { once: true }))

  hosts.push(await createHost({ privateKey: late, listen: [`/ip4/127.0.0.1/tcp/${port}`] }))

  await connected
})

test('a bootstrap address without a peer id is refused by name', async () => {
  const failure = createHost({ privateKey: randomKey(6), bootstrap: ['/ip4/127.0.0.1/tcp/1'] })

  await expect(failure).rejects.toMatchObject({ code: 'bad_config' })
})

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return await new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
