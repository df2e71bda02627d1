import { AriaError, type Hex, owed, requireSigner, type SignedVoucher, toAriaError } from '@aria/sdk/protocol'
import { stale } from '../../payments/vouchers.ts'
import type { AdmittedJob } from './admit.ts'
import type { JobComponents } from './context.ts'
import { VOUCHERS_EXTRA_MAX } from './limits.ts'
import type { JobMessages } from './messages.ts'

/** Why the generation should end early. */
export type Interruption = 'cancelled' | 'disconnected' | 'violation'

/**
 * The client's side of a running job: vouchers raise `covered`, cancelling or leaving interrupts. It is read beside
 * the generation, so that a voucher in flight never stalls the stream.
 */
export interface Inbox {
  covered(): bigint
  interruption(): Interruption | undefined
  /** What the client did wrong, after the interruption `violation`. */
  violation(): AriaError | undefined
  /** Reads from this stream from now on, and from no earlier one. */
  listen(messages: JobMessages): void
  /** False while the client is away and may come back. */
  isAttached(): boolean
  /** How often the stream was lost with a client that may come back. */
  losses(): number
  /** Resolves when more than `total` is covered or the job has to end; false after the time, or when the stream is lost. */
  waitBeyond(total: bigint, timeoutMs: number): Promise<boolean>
  /** Tells which checkpoint was signed last: a voucher acknowledges the debt up to it. */
  checkpointed(outputTokens: number): void
  /** Resolves on the acknowledgement of the receipt, on the end of the stream, or after the time. */
  waitAck(receiptHash: Hex, timeoutMs: number): Promise<boolean>
  /** A voucher shown again, which may have been lost before. @throws AriaError `bad_signature`. */
  takeBetter(voucher: SignedVoucher): Promise<void>
  /** The stream failed while we wrote. */
  lose(): void
  /** The client is gone for good. */
  leave(): void
  /** Aborts when the job is interrupted; a prefill watches it. */
  readonly signal: AbortSignal
  close(): void
}

/** `onLost` is told of a lost stream, and answers whether the client may come back: else the job is interrupted. */
export function openInbox(admitted: AdmittedJob, components: JobComponents, onLost: () => boolean): Inbox {
  const { terms, channel } = admitted
  const closing = new AbortController()
  const interrupted = new AbortController()
  const vouchersMax = 2 * terms.maxOutputTokens + VOUCHERS_EXTRA_MAX
  let covered = admitted.covered
  let interruption: Interruption | undefined
  let violation: AriaError | undefined
  let acknowledged: Hex | undefined
  let isGone = false
  let checkpoint = 0
  let listening: AbortController | undefined
  let isAttached = false
  let losses = 0
  let vouchers = 0
  let wake = Promise.withResolvers<void>()

  const changed = () => {
    const { resolve } = wake
    wake = Promise.withResolvers<void>()
    resolve()
  }
  const interrupt = (why: Interruption) => {
    interruption ??= why
    isGone ||= why !== 'cancelled'
    interrupted.abort(new AriaError('cancelled', `The job was interrupted: ${why}.`))
    changed()
  }

  const { stopping } = components
  const hasToEnd = () => interruption !== undefined || stopping.aborted
  stopping.addEventListener('abort', changed)

  const take = async (voucher: SignedVoucher) => {
    if (++vouchers > vouchersMax)
      throw new AriaError('bad_request', `More than ${vouchersMax} vouchers came.`)
    await checkVoucher(voucher, covered, admitted, components)
    components.vouchers.credit(channel, voucher, owed(terms, checkpoint))
    components.metrics.count('aria_vouchers_total')
    await components.vouchers.synced()
    if (voucher.total > covered) covered = voucher.total
    changed()
  }

  const lose = () => {
    if (!isAttached) return
    isAttached = false
    if (!onLost()) return interrupt('disconnected')
    losses++
    changed()
  }

  const read = async (messages: JobMessages, signal: AbortSignal) => {
    while (!signal.aborted) {
      const message = await messages.read(signal)
      if (message === undefined) return signal.aborted ? undefined : lose()
      if (message.type === 'voucher') await take(message.body)
      else if (message.type === 'cancel') interrupt('cancelled')
      else if (message.type === 'ack') {
        if (message.body.voucher !== null) await take(message.body.voucher)
        acknowledged = message.body.receiptHash
        return changed()
      } else throw new AriaError('bad_frame', `A running job takes no ${message.type}.`)
    }
  }
  const listen = (messages: JobMessages) => {
    listening?.abort()
    listening = new AbortController()
    isAttached = true
    const signal = AbortSignal.any([closing.signal, listening.signal])
    read(messages, signal).catch(thrown => {
      if (signal.aborted) return
      const error = toAriaError(thrown, 'provider_failed')
      // A reset stream is the peer leaving; only a typed error is its fault.
      if (error.code === 'provider_failed') return lose()
      violation = error
      interrupt('violation')
    })
  }

  const waitUntil = async (isReached: () => boolean, timeoutMs: number): Promise<boolean> => {
    const timeout = Promise.withResolvers<void>()
    let isOver = false
    const timer = setTimeout(() => {
      isOver = true
      timeout.resolve()
    }, timeoutMs)
    try {
      while (!isReached() && !isOver) await Promise.race([wake.promise, timeout.promise])
      return isReached()
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    covered: () => covered,
    interruption: () => interruption,
    violation: () => violation,
    listen,
    isAttached: () => isAttached,
    losses: () => losses,
    waitBeyond: async (total, timeoutMs) => {
      const goesOn = () => covered > total || hasToEnd()
      await waitUntil(() => goesOn() || !isAttached, timeoutMs)
      return goesOn()
    },
    takeBetter: async voucher => {
      if (voucher.total > covered) return await take(voucher)
      await checkSigner(voucher, admitted, components)
    },
    checkpointed: outputTokens => {
      checkpoint = outputTokens
    },
    waitAck: async (receiptHash, timeoutMs) => {
      await waitUntil(() => acknowledged !== undefined || isGone || !isAttached, timeoutMs)
      return acknowledged === receiptHash
    },
    lose,
    leave: () => interrupt('disconnected'),
    signal: interrupted.signal,
    close: () => {
      stopping.removeEventListener('abort', changed)
      closing.abort()
    },
  }
}

/** Signature always first: a replayed voucher must not look like progress (mpp-rs #130). @throws AriaError `bad_signature`, `voucher_stale`. */
async function checkVoucher(
  voucher: SignedVoucher,
  covered: bigint,
  admitted: AdmittedJob,
  components: JobComponents,
): Promise<void> {
  await checkSigner(voucher, admitted, components)
  if (voucher.total <= covered) throw stale(voucher.total, covered)
}

async function checkSigner(
  { total, signature }: SignedVoucher,
  { channel, signer }: AdmittedJob,
  { deployed }: JobComponents,
): Promise<void> {
  const voucher = { channelId: channel, maxClaimableAmount: total }
  await requireSigner('Voucher', voucher, signature, deployed, signer)
}
