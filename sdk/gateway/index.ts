export type { Inference } from './answer.ts'
export { type Gateway, type GatewayComponents, type GatewayInit, startGateway } from './server.ts'
export type { ChatMessage, GatewayModel, Tokenizer } from './tokenizer.ts'
