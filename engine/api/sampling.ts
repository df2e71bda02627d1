// Sampling settings as they travel in requests: integers only, so that both sides hash and compute the same.
import { EngineError } from './error.ts'

export interface LogitBias {
  token: number
  /** In 1/1000, added to the token's logit. */
  bias: number
}

/** SPEC.md, section 5, says in which order they apply. What is absent has its neutral value. */
export interface Sampling {
  /** In 1/1000; 0 is greedy. */
  temperature: number
  /** 0 is off. */
  topK: number
  /** In 1/10000; 10000 is off. */
  topP: number
  /** In 1/10000 of the likeliest token's probability; 0 is off. */
  minP?: number
  /** In 1/1000, off the logits of tokens that the answer holds. */
  presencePenalty?: number
  /** In 1/1000, off the logits for each time that the answer holds the token. */
  frequencyPenalty?: number
  /** In 1/1000; 1000 is off. Divides positive logits of tokens in prompt and answer, multiplies negative ones. */
  repetitionPenalty?: number
  /** How many of the newest tokens the repetition penalty sees; the most when absent. */
  repetitionWindow?: number
  /** Each token once, in rising order. */
  logitBias?: readonly LogitBias[]
  /** How many of the likeliest tokens to report with each token; reports nothing when absent. Changes no token. */
  logprobs?: number
  /** A grammar in llama.cpp's GBNF that the answer follows. */
  grammar?: string
}

export const TEMPERATURE_MAX = 2000
export const TOP_K_MAX = 1000
export const TOP_P_MAX = 10_000
export const MIN_P_MAX = 10_000
export const PENALTY_MAX = 2000 // presence and frequency, as OpenAI's -2.0 to 2.0
export const REPETITION_PENALTY_MAX = 2000
export const REPETITION_WINDOW_MAX = 32_768
export const LOGIT_BIAS_MAX = 100_000 // OpenAI's -100 to 100
export const LOGIT_BIAS_ENTRIES_MAX = 300
export const LOGPROBS_MAX = 20
export const GRAMMAR_LENGTH_MAX = 256 * 1024 // characters
export const SEED_MAX = 2n ** 64n - 1n
const TOKEN_MAX = 2 ** 32 - 1
const UNIT = 1000

export const GREEDY: Readonly<Sampling> = Object.freeze({ temperature: 0, topK: 0, topP: TOP_P_MAX })

/** The usual fractions, with OpenAI's names in camel case. */
export interface SamplingFractions {
  temperature?: number
  topK?: number
  topP?: number
  minP?: number
  presencePenalty?: number
  frequencyPenalty?: number
  repetitionPenalty?: number
  repetitionWindow?: number
  /** Token to bias, -100 to 100. */
  logitBias?: Readonly<Record<number, number>>
  logprobs?: number
  grammar?: string
}

const scaled = (value: number | undefined, unit: number): number | undefined =>
  value === undefined ? undefined : Math.round(value * unit)

/** Sampling from the usual fractions, rounded to the integers that are computed with. */
export function sampling(fractions: SamplingFractions): Sampling {
  const bias = Object.entries(fractions.logitBias ?? {}).map(([token, value]) => ({
    token: Number(token),
    bias: Math.round(value * UNIT),
  }))
  const optional = {
    minP: scaled(fractions.minP, MIN_P_MAX),
    presencePenalty: scaled(fractions.presencePenalty, UNIT),
    frequencyPenalty: scaled(fractions.frequencyPenalty, UNIT),
    repetitionPenalty: scaled(fractions.repetitionPenalty, UNIT),
    repetitionWindow: fractions.repetitionWindow,
    logitBias: bias.length > 0 ? bias.sort((a, b) => a.token - b.token) : undefined,
    logprobs: fractions.logprobs,
    grammar: fractions.grammar,
  }
  const settings: Sampling = {
    temperature: Math.round((fractions.temperature ?? 0) * UNIT),
    topK: fractions.topK ?? 0,
    topP: Math.round((fractions.topP ?? 1) * TOP_P_MAX),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
  checkSampling(settings, 0n)
  return settings
}

const bad = (message: string): EngineError => new EngineError('bad_sampling', message)

function checkInteger(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined) return
  if (!Number.isInteger(value) || value < least || value > most)
    throw bad(`Sampling ${name} is ${value}; an integer from ${least} to ${most} is expected.`)
}

function checkLogitBias(entries: readonly LogitBias[]): void {
  if (!Array.isArray(entries) || entries.length > LOGIT_BIAS_ENTRIES_MAX)
    throw bad(`Sampling logitBias is not an array of at most ${LOGIT_BIAS_ENTRIES_MAX} entries.`)
  for (const [index, { token, bias }] of entries.entries()) {
    checkInteger(`logitBias[${index}].token`, token, 0, TOKEN_MAX)
    checkInteger(`logitBias[${index}].bias`, bias, -LOGIT_BIAS_MAX, LOGIT_BIAS_MAX)
    if (index > 0 && entries[index - 1]!.token >= token)
      throw bad(`Sampling logitBias[${index}] names token ${token}; tokens are expected once each, rising.`)
  }
}

function checkGrammar(grammar: string): void {
  if (typeof grammar !== 'string' || grammar.length === 0 || grammar.length > GRAMMAR_LENGTH_MAX)
    throw new EngineError(
      'bad_grammar',
      `The grammar is not a text of 1 to ${GRAMMAR_LENGTH_MAX} characters; leave it out for none.`,
    )
}

/** Throws `bad_sampling` or `bad_grammar`, naming the setting, its value and what is expected. */
export function checkSampling(settings: Sampling, seed: bigint): void {
  for (const name of ['temperature', 'topK', 'topP'] as const)
    if (settings[name] === undefined) throw bad(`Sampling ${name} is missing.`)
  checkInteger('temperature', settings.temperature, 0, TEMPERATURE_MAX)
  checkInteger('topK', settings.topK, 0, TOP_K_MAX)
  checkInteger('topP', settings.topP, 0, TOP_P_MAX)
  checkInteger('minP', settings.minP, 0, MIN_P_MAX)
  checkInteger('presencePenalty', settings.presencePenalty, -PENALTY_MAX, PENALTY_MAX)
  checkInteger('frequencyPenalty', settings.frequencyPenalty, -PENALTY_MAX, PENALTY_MAX)
  checkInteger('repetitionPenalty', settings.repetitionPenalty, 1, REPETITION_PENALTY_MAX)
  checkInteger('repetitionWindow', settings.repetitionWindow, 0, REPETITION_WINDOW_MAX)
  checkInteger('logprobs', settings.logprobs, 0, LOGPROBS_MAX)
  if (settings.logitBias !== undefined) checkLogitBias(settings.logitBias)
  if (settings.grammar !== undefined) checkGrammar(settings.grammar)
  if (typeof seed !== 'bigint' || seed < 0n || seed > SEED_MAX)
    throw bad(`Seed ${seed} is not a 64-bit unsigned bigint.`)
}
