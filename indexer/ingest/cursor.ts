import { AriaError, type Deployment } from '@aria/sdk/protocol'
import type { PublicClient } from 'viem'
import { blockAt, type Head } from '../chain.ts'
import type { Database, Transaction } from '../db/open.ts'
import { blocks, ingestCursor } from '../db/schema/index.ts'

export type Cursor = typeof ingestCursor.$inferSelect

export async function readCursor(db: Database | Transaction): Promise<Cursor | undefined> {
  const [cursor] = await db.select().from(ingestCursor)
  return cursor
}

/**
 * The cursor of this deployment; a new one starts at the deployment's block.
 * @throws AriaError `wrong_chain` when the database mirrors another deployment or the chain was started anew.
 */
export async function ensureCursor(
  db: Database,
  client: PublicClient,
  deployment: Deployment,
): Promise<Cursor> {
  const origin = await deploymentBlock(client, deployment)
  const known = await readCursor(db)
  if (known === undefined) return createCursor(db, deployment, origin)
  if (known.chainId !== deployment.chainId || known.escrow !== deployment.contracts.escrow) {
    throw startFresh('The database mirrors another deployment.', {
      database: { chainId: known.chainId, escrow: known.escrow },
      deployment: { chainId: deployment.chainId, escrow: deployment.contracts.escrow },
    })
  }
  if (known.genesis !== deployment.genesis || known.deploymentHash !== origin.hash) {
    throw startFresh('The chain was started anew since the database was written.', {
      block: origin.number,
      database: known.deploymentHash,
      chain: origin.hash,
    })
  }
  return known
}

async function deploymentBlock(client: PublicClient, { blockNumber }: Deployment): Promise<Head> {
  const origin = await blockAt(client, blockNumber)
  if (origin !== undefined) return origin
  throw new AriaError(
    'wrong_chain',
    `The chain has no block ${blockNumber}, where the deployment says it began.`,
    {
      hint: 'Point ARIA_RPC_URL at the chain of ARIA_DEPLOYMENT, or deploy again.',
    },
  )
}

async function createCursor(db: Database, deployment: Deployment, origin: Head): Promise<Cursor> {
  const cursor = {
    only: true,
    chainId: deployment.chainId,
    escrow: deployment.contracts.escrow,
    genesis: deployment.genesis,
    deploymentHash: origin.hash,
    blockNumber: origin.number,
    blockHash: origin.hash,
    blockTime: origin.time,
    escrowBalance: 0n,
  }
  await db.transaction(async tx => {
    await tx.insert(blocks).values({ ...origin, eventCount: 0 })
    await tx.insert(ingestCursor).values(cursor)
  })
  return cursor
}

export function startFresh(message: string, facts: Record<string, unknown>): AriaError {
  return new AriaError('wrong_chain', message, {
    facts,
    hint: 'Start with --fresh, or point DATABASE_URL (ARIA_DATA_DIR) at an empty place.',
  })
}
