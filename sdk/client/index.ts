export { InterruptedError, type Piece, type WholeAnswer } from './answer.ts'
export type { ClosingStep, MoneyAtRest } from './channels/index.ts'
export type { Choice, Considered, Exclusion } from './choice/choose.ts'
export type { Constraint } from './choice/claims.ts'
export * from './client.ts'
export type { InferEvent } from './infer.ts'
export type { Delivery, InferRequest, Order } from './job/job.ts'
export { TIMEOUTS, type Timeouts } from './limits.ts'
export { unhurried } from './store/database.ts'
export { type Flush, walFlush } from './store/flush.ts'
export {
  openStore,
  type PendingTransaction,
  type ProviderRecord,
  readStore,
  type Store,
  storePath,
} from './store/index.ts'
