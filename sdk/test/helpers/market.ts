import { privateKeyToAccount } from 'viem/accounts'
import {
  type Client,
  type ClientInit,
  createClient,
  type InferEvent,
  type InferRequest,
  openStore,
  type Store,
} from '../../client/index.ts'
import { createHost, type OfferBook } from '../../p2p/index.ts'
import { type Address, AriaError, type Hex, keySigner, type Offer } from '../../protocol/index.ts'
import { DEPLOYMENT } from './deployment.ts'
import { type FakeChain, fakeChain } from './fake-chain.ts'
import {
  MODEL_ID,
  randomKey,
  type Script,
  type ScriptedProvider,
  scriptedProvider,
} from './scripted-provider.ts'

export interface Market {
  chain: FakeChain
  providers: ScriptedProvider[]
  client: Client
  store: Store
  payer: Address
  session: Address
  stop(): Promise<void>
}

export const FUNDS = 10n ** 18n

export interface MarketInit extends Partial<ClientInit> {
  scripts?: Script[]
  /** What the providers offer differently from the usual. */
  terms?: Partial<Offer>
  storePath?: string
  funds?: bigint
  random?: () => number
}

const WALLET_KEY: Hex = `0x${'11'.repeat(32)}`
const SESSION_KEY: Hex = `0x${'22'.repeat(32)}`

/** Scripted providers and one client on loopback; the client learns the offers directly, without waiting for gossip. */
export async function market({
  scripts = [{}],
  terms = {},
  storePath,
  funds = FUNDS,
  random,
  ...init
}: MarketInit = {}): Promise<Market> {
  const chain = fakeChain()
  const providers = await Promise.all(
    scripts.map((script, at) => scriptedProvider(randomKey(at + 1), script, terms)),
  )
  for (const { node, operator } of providers) chain.operators.set(node, operator)
  const wallet = privateKeyToAccount(WALLET_KEY)
  const payer = wallet.address.toLowerCase() as Address
  chain.tokens.set(payer, funds)

  const host = await createHost({ privateKey: randomKey(200) })
  const store = openStore(storePath ?? ':memory:')
  const offerBook: OfferBook = { current: () => providers.map(({ offer }) => offer), close: () => {} }
  const sessionSigner = keySigner(SESSION_KEY)
  const client = createClient(
    {
      deployment: DEPLOYMENT,
      timeouts: {
        connectMs: 2000,
        quoteMs: 1_000,
        acceptMs: 1_000,
        firstTokenMs: 1_000,
        tokenMs: 1_000,
        stallMsMin: 100,
        receiptMs: 1_000,
        cancelMs: 1_000,
      },
      offersWaitMs: 50,
      busyWaitMs: 5_000,
      ...init,
    },
    {
      host,
      publicClient: chain.publicClient,
      wallet,
      sessionSigner,
      store,
      offerBook,
      ...(random && { random }),
    },
  )
  return {
    ...{ chain, providers, client, store, payer, session: sessionSigner.address },
    async stop() {
      await client.close()
      await host.stop()
      await Promise.all(providers.map(provider => provider.stop()))
      store.close()
    },
  }
}

export function request(overrides: Partial<InferRequest> = {}): InferRequest {
  return {
    modelId: MODEL_ID,
    promptTokens: Uint32Array.from([10, 11, 12, 13]),
    maxOutputTokens: 32,
    sampling: { temperature: 0, topK: 0, topP: 10_000 },
    seed: 7n,
    ...overrides,
  }
}

export async function collect(events: AsyncIterable<InferEvent>): Promise<InferEvent[]> {
  const all: InferEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

export const outputOf = (events: readonly InferEvent[]): number[] =>
  events.flatMap(event => (event.type === 'tokens' ? [...event.tokens] : []))

/** The error of a request that must fail, typed. */
export async function failureOf(events: AsyncIterable<InferEvent>): Promise<AriaError> {
  try {
    await collect(events)
  } catch (thrown) {
    if (thrown instanceof AriaError) return thrown
    throw thrown
  }
  throw new Error('The request was expected to fail.')
}
