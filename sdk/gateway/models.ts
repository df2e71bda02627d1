import type { Inference } from './answer.ts'
import type { GatewayModel } from './tokenizer.ts'

/** OpenAI's model object, and what the market says about the model now. */
export function modelObject(inference: Inference, { name, modelId, contextLength }: GatewayModel) {
  const offers = inference.offers().filter(({ offer }) => offer.modelId === modelId)
  const prices = offers.map(({ offer }) => offer.pricePerOutputToken)
  const cheapest = prices.reduce<bigint | undefined>(
    (least, price) => (least === undefined || price < least ? price : least),
    undefined,
  )
  return {
    id: name,
    object: 'model',
    created: 0,
    owned_by: 'aria',
    aria: {
      modelId,
      contextLength,
      providers: offers.length,
      pricePerOutputTokenMin: cheapest?.toString() ?? null,
    },
  }
}
