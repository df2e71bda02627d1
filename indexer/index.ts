// @aria/indexer: chain and market → database → HTTP API, and the auditors.
export type * from './api/types.ts'
export { type Config, readConfig } from './config.ts'
export { type Indexer, startIndexer } from './indexer.ts'
