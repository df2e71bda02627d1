import type { Address, Hex } from '@aria/sdk/protocol'
import { bigint, numeric, text } from 'drizzle-orm/pg-core'

/** uint256 as PostgreSQL can hold it exactly; `bigint` in code. */
export const wei = (name: string) => numeric(name, { precision: 78, scale: 0, mode: 'bigint' }).notNull()
/** Lower-case 0x hex. */
export const hex = (name: string) => text(name).$type<Hex>().notNull()
export const address = (name: string) => text(name).$type<Address>().notNull()
/** Block numbers, seconds, epochs, counts: below 2^53. */
export const whole = (name: string) => bigint(name, { mode: 'number' }).notNull()
