import { boolean } from 'drizzle-orm/pg-core'
import { address, hex, whole } from './columns.ts'
import { eventTable } from './event-table.ts'

export const modelsModelRegistered = eventTable('models_model_registered', {
  id: hex('model_id'),
  by: address('by'),
  weightsRoot: hex('weights_root'),
  tokenizerHash: hex('tokenizer_hash'),
  specHash: hex('spec_hash'),
  engineMajor: whole('engine_major'),
  layers: whole('layers'),
  dModel: whole('d_model'),
  dFfn: whole('d_ffn'),
  nHeads: whole('n_heads'),
  vocab: whole('vocab'),
  maxContext: whole('max_context'),
})

export const modelsRewardable = eventTable('models_rewardable', {
  id: hex('model_id'),
  rewardable: boolean('rewardable').notNull(),
  fromEpoch: whole('from_epoch'),
})
