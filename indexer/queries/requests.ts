import { type Address, FINISH, type Hex } from '@aria/sdk/protocol'
import { and, desc, eq, lt, or, sql } from 'drizzle-orm'
import type { Page, RequestView } from '../api/types.ts'
import type { Database } from '../db/open.ts'
import * as s from '../db/schema/index.ts'

export interface RequestsOptions {
  operator?: Address | undefined
  before?: { endedAt: number; receiptHash: Hex } | undefined
  limit: number
  modelName: (id: Hex) => string | null
}

/** Public receipts, newest first. The place of the last one is the next page's `before`. */
export async function requests(db: Database, options: RequestsOptions): Promise<Page<RequestView>> {
  const { operator, before, limit, modelName } = options
  const { receipts, auditsRootCommitted: roots } = s
  const audited = verdictsByReceipt(db)
  const rows = await db
    .select({
      receipt: receipts,
      committedRoot: roots.root,
      passed: audited.passed,
      reason: audited.reason,
    })
    .from(receipts)
    .leftJoin(
      roots,
      and(
        eq(roots.epoch, receipts.rootEpoch),
        eq(roots.provider, receipts.operator),
        eq(roots.root, receipts.root),
      ),
    )
    .leftJoinLateral(audited, sql`true`)
    .where(
      and(
        operator === undefined ? undefined : eq(receipts.operator, operator),
        before === undefined
          ? undefined
          : or(
              lt(receipts.endedAt, before.endedAt),
              and(eq(receipts.endedAt, before.endedAt), lt(receipts.receiptHash, before.receiptHash)),
            ),
      ),
    )
    .orderBy(desc(receipts.endedAt), desc(receipts.receiptHash))
    .limit(limit + 1)
  const items = rows.slice(0, limit).map(row => requestView(row, modelName))
  const last = items.at(-1)
  return { items, next: rows.length > limit && last ? `${last.endedAt}-${last.receiptHash}` : null }
}

/** What our auditors found when they re-executed the receipt: one mismatch outweighs any number of passes. */
function verdictsByReceipt(db: Database) {
  const { receiptHash, passed, reason } = s.auditorSamples
  return db
    .select({
      passed: sql<boolean | null>`bool_and(${passed})`.as('all_passed'),
      reason: sql<string | null>`min(${reason})`.as('first_reason'),
    })
    .from(s.auditorSamples)
    .where(eq(receiptHash, s.receipts.receiptHash))
    .as('audited')
}

interface RequestRow {
  receipt: typeof s.receipts.$inferSelect
  committedRoot: Hex | null
  passed: boolean | null
  reason: string | null
}

const FINISH_NAME: Record<number, RequestView['finish']> = {
  [FINISH.stop]: 'stop',
  [FINISH.length]: 'length',
  [FINISH.cancelled]: 'cancelled',
  [FINISH.error]: 'error',
  [FINISH.voucherTimeout]: 'voucher_timeout',
  [FINISH.contextFull]: 'context_full',
}

function requestView(row: RequestRow, modelName: RequestsOptions['modelName']): RequestView {
  const { receipt, reason } = row
  return {
    receiptHash: receipt.receiptHash,
    requestId: receipt.requestId,
    operator: receipt.operator,
    node: receipt.node,
    modelName: modelName(receipt.modelId),
    inputTokens: receipt.inputTokens,
    outputTokens: receipt.outputTokens,
    cost: String(receipt.cumulativeDue - receipt.base),
    finish: FINISH_NAME[receipt.finish] ?? 'error',
    startedAt: receipt.startedAt,
    endedAt: receipt.endedAt,
    epoch: receipt.epoch,
    state: stateOf(row),
    failure: reason,
  }
}

function stateOf({ passed, committedRoot }: RequestRow): RequestView['state'] {
  if (passed !== null) return passed ? 'passed' : 'failed'
  return committedRoot === null ? 'signed' : 'committed'
}
