import type { Deployment } from '@aria/sdk/protocol'
import { type SQL, sql } from 'drizzle-orm'
import { blocks } from '../db/schema/index.ts'

/**
 * The epoch of an event's block. The two numbers come from a validated deployment file and are written into the SQL,
 * because PostgreSQL would take two parameters of one value for two different expressions in `group by`.
 */
export function epochOfBlock({ genesis, params }: Pick<Deployment, 'genesis' | 'params'>): SQL<number> {
  const [start, length] = [sql.raw(String(genesis)), sql.raw(String(params.epochSeconds))]
  return sql`((${blocks.time} - ${start}) / ${length})`.mapWith(Number)
}
