import {
  AriaError,
  type ChannelParts,
  channelId,
  digest,
  type Hex,
  PREFILL_SHARE_PERCENT,
  PROMPT_TOKENS_MAX,
  type Quote,
  type QuoteReply,
  type QuoteRequest,
  WINDOW_TOKENS,
} from '@aria/sdk/protocol'
import type { ChannelView } from '../../chain/channels.ts'
import { provableDue } from '../../payments/vouchers.ts'
import type { JobComponents } from './context.ts'
import { QUOTE_SECONDS } from './limits.ts'

/** A binding price, remembered for the one stream that asked for it. */
export interface IssuedQuote {
  quote: Quote
  hash: Hex
  parts: ChannelParts
  reply: QuoteReply
  /** The chain's view of the channel, asked while the client signs; undefined for a channel that never paid us. */
  viewAhead: ViewAhead | undefined
}

export interface ViewAhead {
  readMs: number
  /** Undefined when the chain did not answer. */
  view: Promise<ChannelView | undefined>
}

/** @throws AriaError `unknown_model`, `bad_request`, `prompt_too_long`, `busy`. */
export async function issueQuote(asked: QuoteRequest, components: JobComponents): Promise<IssuedQuote> {
  const { model, prices, deployed, signer, vouchers, clock, payee } = components
  checkSize(asked, model)
  const channel = channelId(asked.channel, payee)
  if (components.busyChannels.has(channel)) throw channelBusy(channel)
  const quote: Quote = {
    offerHash: components.offerHash(),
    channelId: channel,
    modelId: model.id,
    pricePerInputToken: prices.perInputToken,
    pricePerOutputToken: prices.perOutputToken,
    inputTokens: asked.inputTokens,
    maxOutputTokens: asked.maxOutputTokens,
    windowTokens: Math.min(asked.windowTokensMax, WINDOW_TOKENS),
    prefillSharePercent: PREFILL_SHARE_PERCENT,
    nonce: asked.nonce,
    validUntil: clock.nowSeconds() + QUOTE_SECONDS,
  }
  const hash = digest('Quote', quote, deployed)
  const account = vouchers.account(channel)
  // Strangers must not make us ask the chain for the price of a quote.
  const viewAhead = account?.best === undefined ? undefined : readAhead(channel, components)
  const reply = {
    quote,
    signature: await signer.sign(hash),
    due: provableDue(account),
    best: account?.best ?? null,
  }
  return { quote, hash, parts: asked.channel, reply, viewAhead }
}

function readAhead(channel: Hex, { channels }: JobComponents): ViewAhead {
  return { readMs: performance.now(), view: channels.read(channel).catch(() => undefined) }
}

function checkSize(asked: QuoteRequest, model: JobComponents['model']): void {
  if (asked.modelId !== model.id) {
    throw new AriaError('unknown_model', `This node serves model ${model.id}, not ${asked.modelId}.`, {
      facts: { served: model.id, asked: asked.modelId },
    })
  }
  const limit = Math.min(model.contextMax - 1, PROMPT_TOKENS_MAX)
  if (asked.inputTokens > limit) {
    throw new AriaError(
      'prompt_too_long',
      `The prompt has ${asked.inputTokens} tokens, at most ${limit} fit.`,
      {
        facts: { inputTokens: asked.inputTokens, limit },
        hint: 'Shorten the conversation or choose a model with a longer context.',
      },
    )
  }
  const isSensible =
    asked.inputTokens >= 1 &&
    asked.maxOutputTokens >= 1 &&
    asked.maxOutputTokens <= PROMPT_TOKENS_MAX &&
    asked.windowTokensMax >= 1
  if (isSensible) return
  throw new AriaError(
    'bad_request',
    'A request needs at least one input token, one output token and a window.',
    {
      facts: {
        inputTokens: asked.inputTokens,
        maxOutputTokens: asked.maxOutputTokens,
        windowTokensMax: asked.windowTokensMax,
        outputLimit: PROMPT_TOKENS_MAX,
      },
    },
  )
}

export function channelBusy(channel: Hex): AriaError {
  return new AriaError('busy', 'The channel has a request under way; its counter has one writer.', {
    facts: { channel, retryAfterMs: 500 },
    hint: 'Wait for the other request, or open a channel with another salt.',
  })
}
