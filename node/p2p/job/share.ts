import type { ChannelParts } from '@aria/sdk/protocol'
import type { PlaceInit } from '../../inference/scheduler.ts'
import type { ServedModel } from './context.ts'
import type { IssuedQuote } from './quote.ts'

/** Positions of a page of the engine's cache (engine/SERVING.md). */
export const CACHE_PAGE_TOKENS = 64

export function pagesFor(tokens: number): number {
  return Math.ceil(tokens / CACHE_PAGE_TOKENS)
}

/** The longest sequence that a request may become. */
export function tokensMax(
  { quote: { inputTokens, maxOutputTokens } }: Pick<IssuedQuote, 'quote'>,
  { contextMax }: Pick<ServedModel, 'contextMax'>,
): number {
  return Math.min(inputTokens + maxOutputTokens, contextMax)
}

/**
 * Within one client computed prompt beginnings are shared, and clients take turns. It is payer and signer together: a
 * payer's address alone is public, so that anyone could name it and learn from the speed what was asked before.
 */
export function clientKey({ payer, signer }: ChannelParts): string {
  return `${payer}:${signer}`
}

export function placeInit(
  issued: Pick<IssuedQuote, 'quote' | 'parts'>,
  model: Pick<ServedModel, 'contextMax'>,
): PlaceInit {
  return { client: clientKey(issued.parts), pages: pagesFor(tokensMax(issued, model)) }
}
