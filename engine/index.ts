// @aria/engine: exact inference of 1-bit models. It knows nothing of money or network.
export { type ModelContent, readContent } from './api/content.ts'
export { type EnergyMeter, type EnergyUse, startEnergyMeter } from './api/energy.ts'
export { ENGINE_ERROR_CODES, EngineError, type EngineErrorCode } from './api/error.ts'
export { checkGrammar } from './api/grammar.ts'
export type { ModelInfo, TensorInfo } from './api/info.ts'
export { jsonSchemaGrammar } from './api/json-schema.ts'
export { type LoadOptions, loadModel, loadTokenizer, type Model } from './api/model.ts'
export {
  GRAMMAR_LENGTH_MAX,
  GREEDY,
  LOGIT_BIAS_ENTRIES_MAX,
  LOGIT_BIAS_MAX,
  LOGPROBS_MAX,
  type LogitBias,
  MIN_P_MAX,
  PENALTY_MAX,
  REPETITION_PENALTY_MAX,
  REPETITION_WINDOW_MAX,
  type Sampling,
  type SamplingFractions,
  SEED_MAX,
  sampling,
  TEMPERATURE_MAX,
  TOP_K_MAX,
  TOP_P_MAX,
} from './api/sampling.ts'
export type { ServingOptions, ServingStats } from './api/serving.ts'
export {
  DECODE_MAX,
  type DecodeOptions,
  type Draw,
  type Session,
  type SessionOptions,
  type TokenLogprob,
} from './api/session.ts'
export {
  DIGEST_KEY_BYTES,
  TRANSCRIPTS_MAX,
  type Transcript,
  type Verdict,
  type VerifyManyOptions,
} from './api/verify.ts'
export { ENGINE_MAJOR } from './api/version.ts'
export type { KernelChoice } from './config.ts'
export type { ChatMessage, Decoder, Tokenizer } from './tokenizer/types.ts'
