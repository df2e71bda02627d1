import { BaseError, HttpRequestError, InsufficientFundsError, SocketClosedError, TimeoutError } from 'viem'
import { AriaError } from '../../protocol/index.ts'

/** Runs one exchange with the chain; what fails becomes an AriaError that says whose turn it is. */
export async function readChain<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw chainError(what, cause)
  }
}

export function chainError(what: string, cause: unknown): AriaError {
  if (cause instanceof AriaError) return cause
  const summary = cause instanceof BaseError ? cause.shortMessage : String(cause)
  if (isCausedBy(cause, InsufficientFundsError)) {
    return new AriaError('client_unfunded', `The wallet cannot pay the gas of ${what}: ${summary}`, {
      hint: 'Send some of the chain’s own currency to the wallet.',
      cause,
    })
  }
  const isAway = [HttpRequestError, SocketClosedError, TimeoutError].some(type => isCausedBy(cause, type))
  if (isAway || !(cause instanceof BaseError)) {
    return new AriaError('chain_unreachable', `The chain did not answer ${what}: ${summary}`, {
      hint: 'Check ARIA_RPC_URL and that the chain runs.',
      cause,
    })
  }
  return new AriaError('chain_rejected', `The chain rejected ${what}: ${summary}`, { cause })
}

function isCausedBy(cause: unknown, type: new (...args: never[]) => Error): boolean {
  return cause instanceof BaseError && cause.walk(error => error instanceof type) !== null
}
