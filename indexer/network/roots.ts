import { type Address, sumLeaf, sumRoot } from '@aria/sdk/protocol'
import { and, between, desc, eq, gte, isNull } from 'drizzle-orm'
import type { Database } from '../db/open.ts'
import { auditsRootCommitted, receipts } from '../db/schema/index.ts'

/** Newest roots looked at in one pass. */
const ROOTS_MAX = 256
/** Leaves of one tree that are recomputed here; a larger tree is still audited, sample by sample, by its proofs. */
export const LEAVES_MAX = 100_000

type Root = typeof auditsRootCommitted.$inferSelect

/**
 * Recomputes each committed root from the receipts that its provider published. On equality the receipts are under it;
 * otherwise they stay `signed`, and the samples' proofs tell who is wrong. Returns how many roots were matched.
 * Looks at roots of `sinceEpoch` and later.
 */
export async function matchRoots(db: Database, sinceEpoch: number): Promise<number> {
  const pending = await unmatchedRoots(db, sinceEpoch)
  let matched = 0
  for (const root of pending) if (await matchRoot(db, root)) matched++
  return matched
}

async function unmatchedRoots(db: Database, sinceEpoch: number): Promise<Root[]> {
  const { epoch, provider } = auditsRootCommitted
  const rows = await db
    .select({ root: auditsRootCommitted })
    .from(auditsRootCommitted)
    .leftJoin(
      receipts,
      and(eq(receipts.operator, provider), eq(receipts.rootEpoch, epoch), eq(receipts.leafIndex, 0)),
    )
    .where(and(isNull(receipts.receiptHash), gte(epoch, sinceEpoch)))
    .orderBy(desc(epoch))
    .limit(ROOTS_MAX)
  return rows.map(row => row.root).reverse()
}

async function matchRoot(db: Database, root: Root): Promise<boolean> {
  const open = await candidates(db, root.provider, root.epoch)
  const own = open.filter(leaf => leaf.epoch === root.epoch)
  const leaves = [open, own].map(each => each.slice(0, root.count)).find(each => isTreeOf(each, root))
  if (leaves === undefined) return false
  await db.transaction(async tx => {
    for (const [leafIndex, { receiptHash }] of leaves.entries()) {
      await tx
        .update(receipts)
        .set({ rootEpoch: root.epoch, root: root.root, leafIndex })
        .where(eq(receipts.receiptHash, receiptHash))
    }
  })
  return true
}

type Leaf = Awaited<ReturnType<typeof candidates>>[number]

function isTreeOf(leaves: readonly Leaf[], root: Root): boolean {
  const tree = sumRoot(leaves.map(leaf => sumLeaf(leaf.receiptHash, BigInt(leaf.outputTokens))))
  return leaves.length === root.count && tree.sum === root.tokens && tree.hash === root.root
}

/**
 * Receipts that may be leaves, as providers order them: by their own numbering. One that was written after its epoch
 * was sealed is a leaf of the next epoch, before those that ended in it.
 */
function candidates(db: Database, provider: Address, epoch: number) {
  const { receiptHash, outputTokens, operator, rootEpoch, feedCursor } = receipts
  return db
    .select({ receiptHash, outputTokens, epoch: receipts.epoch })
    .from(receipts)
    .where(and(eq(operator, provider), between(receipts.epoch, epoch - 1, epoch), isNull(rootEpoch)))
    .orderBy(feedCursor)
    .limit(LEAVES_MAX)
}
