import { fileURLToPath } from 'node:url'
import { loadModel, type Model } from '@aria/engine'
import { createHost, type Host, type KnownOffer } from '@aria/sdk/p2p'
import { epochTimes, type Hex, keySigner } from '@aria/sdk/protocol'
import { auditsAbi, beaconAbi } from '@aria/sdk/protocol/abi'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditor } from '../auditor/auditor.ts'
import { auditsContract } from '../auditor/audits-contract.ts'
import { publicClient } from '../chain.ts'
import { changes } from '../changes.ts'
import { type OpenDatabase, openDb } from '../db/open.ts'
import * as s from '../db/schema/index.ts'
import { keeper } from '../keeper/keeper.ts'
import { wallet } from '../wallet.ts'
import { startChain, type TestChain } from './support/chain.ts'
import { follower, silent } from './support/follow.ts'
import { answerOf, type Job, makeJob, treeOf } from './support/jobs.ts'
import { aria, keyOf, market } from './support/market.ts'
import { type Served, serveAudits } from './support/serving.ts'

const modelPath = fileURLToPath(new URL('../../models/aria-1.gguf', import.meta.url))
const MODEL_ID: Hex = `0x${'77'.repeat(32)}`
const [HONEST, TAMPERER, SILENT, CLIENT] = [1, 2, 3, 4] as const
const VERIFIERS = [5, 6, 7]
const EPOCH = 2

let chain: TestChain
let people: ReturnType<typeof market>
let engine: Model
let open: OpenDatabase
const hosts: Host[] = []
const offers: KnownOffer[] = []
const loops: { stop(): Promise<void> }[] = []

beforeAll(async () => {
  ;[chain, open, engine] = await Promise.all([
    startChain(),
    openDb('pglite://'),
    loadModel(modelPath, { threads: 1 }),
  ])
  people = market(chain)
  for (const at of [HONEST, TAMPERER, SILENT]) await people.operator(at, 1, aria(1_000))
  for (const at of VERIFIERS) await people.operator(at, 2, aria(500))
  for (const at of [HONEST, TAMPERER, SILENT]) await people.deposit(CLIENT, people.address(at), aria(1))
  for (const at of [HONEST, TAMPERER, SILENT, ...VERIFIERS]) {
    await chain.rpc('anvil_setBalance', [keySigner(keyOf(at)).address, '0xde0b6b3a7640000'])
  }
})

afterAll(async () => {
  for (const loop of loops.reverse()) await loop.stop()
  for (const host of hosts) await host.stop()
  await open?.close()
  await engine?.close()
  await chain?.stop()
})

const times = () => epochTimes(EPOCH, chain.deployment)

async function warp(time: number): Promise<void> {
  await chain.rpc('evm_setNextBlockTimestamp', [time])
  await chain.rpc('anvil_mine', ['0x1'])
}

async function jobsOf(at: number, alter: (output: Uint32Array) => Uint32Array): Promise<Job[]> {
  const { prompt, output } = await answerOf(engine, 'What is a voucher?', BigInt(at))
  const client = people.address(CLIENT)
  const parts = { payer: client, signer: client, salt: 1n }
  const clientKey = people.signerKey(CLIENT)
  const sides = { deployment: chain.deployment, modelId: MODEL_ID, parts, clientKey }
  const make = (nonce: bigint) =>
    makeJob({
      ...sides,
      ...{ payee: people.address(at), nodeKey: keyOf(at), nonce, seed: BigInt(at) },
      ...{ prompt, output: alter(output), endedAt: times().end - 5 },
    })
  return [await make(1n), await make(2n)]
}

/** Commits a provider's root as its node does, and serves the jobs, or nothing. */
async function provide(at: number, jobs: Job[], served: Job[]): Promise<Served> {
  const { root } = treeOf(jobs)
  const node = wallet(chain.rpcUrl, chain.deployment.chainId, keyOf(at))
  const committed = { root: root.hash, tokens: root.sum, count: jobs.length, model: MODEL_ID }
  const args = [BigInt(EPOCH), committed]
  await node.send({
    address: chain.deployment.contracts.audits,
    abi: auditsAbi,
    functionName: 'commitRoot',
    args,
  })
  const peer = await serveAudits(keyOf(at), people.address(at), served)
  hosts.push(peer.host)
  offers.push(peer.offer)
  return peer
}

/** Returns what ends them all. */
async function startAuditors(): Promise<() => Promise<void>> {
  const { rpcUrl, deployment } = chain
  const client = publicClient(rpcUrl)
  const ingest = follower(open.db, rpcUrl, deployment)
  ingest.start()
  const begun: { stop(): Promise<void> }[] = [ingest]
  const shared = {
    client,
    db: open.db,
    deployment,
    ingest,
    log: silent,
    changes: changes(),
    now: () => ingest.now(),
  }
  const model = { id: MODEL_ID, name: 'aria-1', engineMajor: 1, engine }
  const book = { current: () => offers, close: () => {} }
  const contract = auditsContract(client, deployment)
  for (const at of VERIFIERS) {
    const host = await createHost({ privateKey: keyOf(at) })
    begun.push({ stop: async () => host.stop() })
    const own = wallet(rpcUrl, deployment.chainId, keyOf(at))
    begun.push(auditor({ ...shared, contract, book, model, host, wallet: own }))
  }
  begun.push(keeper({ ...shared, wallet: wallet(rpcUrl, deployment.chainId, keyOf(VERIFIERS[0]!)) }))
  const stop = async () => {
    for (const each of begun.splice(0).reverse()) await each.stop()
  }
  loops.push({ stop })
  return stop
}

test('an epoch is audited, scored and rewarded by what its transcripts show', {
  timeout: 60_000,
}, async () => {
  const { contracts } = chain.deployment
  const beacon = { address: contracts.beacon, abi: beaconAbi } as const
  const client = publicClient(chain.rpcUrl)
  await warp(times().end)
  const tamper = (output: Uint32Array) => output.map((token, at) => (at === 3 ? 300 + (token % 2) : token))
  const [honest, tampered] = [await jobsOf(HONEST, output => output), await jobsOf(TAMPERER, tamper)]
  const unshown = await jobsOf(SILENT, output => output)
  await provide(HONEST, honest, honest)
  await provide(TAMPERER, tampered, tampered)
  const refusing = await provide(SILENT, unshown, [])
  const stopAuditors = await startAuditors()

  await warp(times().randAt + 2)
  const round = await client.readContract({ ...beacon, functionName: 'roundOf', args: [BigInt(EPOCH)] })
  await people.send(0, contracts.beacon, beaconAbi, 'submit', [round, '0x1234'])
  const decided = () => open.db.select().from(s.auditorVerdicts)
  await expect.poll(async () => (await decided()).length, { timeout: 20_000 }).toBe(6)
  // Who does not serve gets the whole window; only then it is a verdict.
  await expect.poll(() => refusing.asked(), { timeout: 20_000 }).toBeGreaterThan(2 * VERIFIERS.length)
  await warp(times().commitAuditUntil - 3)
  await expect.poll(() => count(s.auditsAuditCommitted), { timeout: 20_000 }).toBe(3)
  // Salt and rows were durable before the commitment: whoever comes after a crash can reveal.
  await stopAuditors()
  await startAuditors()
  await warp(times().commitAuditUntil)
  await expect.poll(() => count(s.auditsScored), { timeout: 20_000 }).toBe(9)
  await warp(times().revealUntil)
  await expect.poll(() => count(s.auditsFinalized), { timeout: 20_000 }).toBe(3)
  await warp(times().claimsFrom)
  await expect.poll(() => count(s.rewardsClaimed), { timeout: 20_000 }).toBe(4)

  expect(await scoreOf(HONEST)).toBe(100)
  expect(await scoreOf(TAMPERER)).toBe(0)
  expect(await scoreOf(SILENT)).toBe(0)
  expect(await reasonOf(HONEST)).toBeNull()
  expect(await reasonOf(TAMPERER)).toMatch(
    /^Receipt 0x[0-9a-f]{8}…: Output token 3 is 30[01], the model answers \d+\.$/,
  )
  expect(await reasonOf(SILENT)).toContain('Not served: The provider refuses: Nothing is kept here.')
})

async function count(
  table:
    | typeof s.auditsScored
    | typeof s.auditsAuditCommitted
    | typeof s.auditsFinalized
    | typeof s.rewardsClaimed,
) {
  return (await open.db.select().from(table as typeof s.auditsScored)).length
}

async function scoreOf(at: number): Promise<number | undefined> {
  const { provider, epoch } = s.auditsFinalized
  const [row] = await open.db
    .select()
    .from(s.auditsFinalized)
    .where(and(eq(provider, people.address(at)), eq(epoch, EPOCH)))
  return row?.score
}

async function reasonOf(at: number): Promise<string | null | undefined> {
  const [row] = await open.db
    .select()
    .from(s.auditorVerdicts)
    .where(eq(s.auditorVerdicts.provider, people.address(at)))
  return row?.reason
}
