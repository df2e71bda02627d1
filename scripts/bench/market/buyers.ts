// Buyers in a process of their own: the SDK's clients, each with its wallet, host, channels and store on disk.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient, openStore, type Store } from '@aria/sdk/client'
import { createHost, type Host } from '@aria/sdk/p2p'
import { ARIA, type Hex, keySigner, parseDeployment } from '@aria/sdk/protocol'
import { createPublicClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { answerCommands } from './commands.ts'
import './probe.ts'
import { promptOf, type Round, runStreams } from './round.ts'

export interface BuyersInit {
  deploymentFile: string
  rpcUrl: string
  dataDir: string
  bootstrap: string[]
  modelId: Hex
  walletKeys: Hex[]
}

interface Buyer {
  client: Client
  host: Host
  store: Store
}

/** Enough for a whole run, so that no deposit falls into a measured round. */
const DEPOSIT = 2n * ARIA
/** One request at a time on each of a client's channels. */
const STREAMS_PER_BUYER = 8
const OFFERS_WAIT_MS = 20_000

const buyers: Buyer[] = []
let modelId: Hex

async function open(init: BuyersInit): Promise<null> {
  modelId = init.modelId
  const deployment = parseDeployment(
    JSON.parse(readFileSync(init.deploymentFile, 'utf8')),
    init.deploymentFile,
  )
  const publicClient = createPublicClient({ transport: http(init.rpcUrl), cacheTime: 0 })
  for (const [at, key] of init.walletKeys.entries()) {
    const host = await createHost({ privateKey: generatePrivateKey(), bootstrap: init.bootstrap })
    const store = openStore(join(init.dataDir, `buyer-${at}`))
    const client = createClient(
      {
        ...{ deployment, privacy: 'private', depositMin: DEPOSIT, depositMax: DEPOSIT },
        offersWaitMs: OFFERS_WAIT_MS,
      },
      {
        ...{ host, store, publicClient, wallet: privateKeyToAccount(key) },
        sessionSigner: keySigner(generatePrivateKey()),
      },
    )
    buyers.push({ client, host, store })
  }
  return null
}

/** One paid answer, to its checked receipt. Returns how many tokens came. */
async function ask(
  client: Client,
  round: Round,
  stream: number,
  onFirst: () => void,
  onTokens: (count: number) => void = () => {},
): Promise<number> {
  let count = 0
  const request = {
    ...{ modelId, promptTokens: promptOf(round, stream), maxOutputTokens: round.outputTokens },
    ...{ sampling: { temperature: 0, topK: 0, topP: 10_000 }, seed: 0n },
  }
  for await (const event of client.infer(request)) {
    if (event.type !== 'tokens') continue
    if (count === 0) onFirst()
    count += event.tokens.length
    onTokens(event.tokens.length)
  }
  return count
}

async function close(): Promise<null> {
  await Promise.all(
    buyers.splice(0).map(async ({ client, host, store }) => {
      await client.close()
      await host.stop()
      store.close()
    }),
  )
  return null
}

interface Flow {
  streams: number
  seconds: number
  /** Before counting begins. */
  warmSeconds: number
  promptTokens: number
  outputTokens: number
  vocabulary: number
}

/** So many buyers that ask again and again; counts what comes within the time. Refusals are asked again. */
async function flow({ streams, seconds, warmSeconds, ...shape }: Flow) {
  const counted = { tokens: 0, requests: 0, refused: 0 }
  const startedMs = performance.now()
  const [fromMs, untilMs] = [startedMs + warmSeconds * 1000, startedMs + (warmSeconds + seconds) * 1000]
  const isCounted = () => performance.now() >= fromMs && performance.now() < untilMs
  await Promise.all(
    Array.from({ length: streams }, async (_, stream) => {
      const { client } = buyers[stream % buyers.length]!
      while (performance.now() < untilMs) {
        const round = { ...shape, streams, seed: ++flows }
        try {
          await ask(
            client,
            round,
            stream,
            () => {},
            tokens => {
              if (isCounted()) counted.tokens += tokens
            },
          )
          if (isCounted()) counted.requests++
        } catch (thrown) {
          counted.refused++
          process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`)
          await new Promise(resolve => setTimeout(resolve, REFUSED_PAUSE_MS))
        }
      }
    }),
  )
  return counted
}

let flows = 0
const REFUSED_PAUSE_MS = 200

answerCommands({
  open,
  flow,
  /** Providers that every buyer has heard of. */
  offers: () => Math.min(...buyers.map(({ client }) => client.offers().length)),
  run: (round: Round) =>
    runStreams(round, (stream, onFirst) =>
      ask(buyers[Math.floor(stream / STREAMS_PER_BUYER)]!.client, round, stream, onFirst),
    ),
  close,
})
process.on('disconnect', () => process.exit(0))
process.stdout.write('{"event":"ready"}\n')
