import { framed, type Host, peerAddress } from '@aria/sdk/p2p'
import { AriaError, AUDIT_PROTOCOL, JOB_PROTOCOL, RECEIPTS_PROTOCOL } from '@aria/sdk/protocol'
import type { Stream } from '@libp2p/interface'
import type { ReceiptStore } from '../payments/receipts.ts'
import { answer } from './answer.ts'
import { type AuditComponents, answerAudit } from './audit.ts'
import type { JobComponents } from './job/context.ts'
import { STREAMS_MAX, STREAMS_PER_CONNECTION_MAX } from './job/limits.ts'
import { serveJob } from './job/serve.ts'
import { answerReceipts } from './receipts.ts'

export interface ServerComponents {
  host: Host
  jobs: JobComponents
  receipts: ReceiptStore
  audits: Omit<AuditComponents, 'receipts'>
}

/** Questions are small and short: fewer per connection than jobs. */
const QUESTIONS_PER_CONNECTION_MAX = 8

export interface Server {
  /** Takes no more streams and waits for the running ones to end; the caller has told them to stop. */
  close(): Promise<void>
}

/** Registers the node's protocols. Every stream is bounded in number, frame size and time. */
export async function serveProtocols({ host, jobs, receipts, audits }: ServerComponents): Promise<Server> {
  const { log } = jobs
  // Each protocol has places of its own: idle job streams must not keep auditors out.
  const jobsRunning = new Set<Promise<void>>()
  const receiptsRunning = new Set<Promise<void>>()
  const auditsRunning = new Set<Promise<void>>()

  const serve = (running: Set<Promise<void>>, stream: Stream, work: () => Promise<void>) => {
    if (running.size >= STREAMS_MAX) {
      stream.abort(new AriaError('busy', `The node serves ${STREAMS_MAX} streams, its limit.`))
      return
    }
    const task = work().finally(() => running.delete(task))
    running.add(task)
  }

  await host.handle(
    JOB_PROTOCOL,
    (stream, { remotePeer }) =>
      serve(jobsRunning, stream, () => serveJob(framed(stream), remotePeer.toString(), jobs)),
    {
      maxInboundStreams: STREAMS_PER_CONNECTION_MAX,
    },
  )
  await host.handle(
    RECEIPTS_PROTOCOL,
    stream =>
      serve(receiptsRunning, stream, () =>
        answer(framed(stream), log, frame => answerReceipts(frame, receipts)),
      ),
    { maxInboundStreams: QUESTIONS_PER_CONNECTION_MAX },
  )
  await host.handle(
    AUDIT_PROTOCOL,
    (stream, connection) => {
      const node = peerAddress(connection.remotePeer)
      serve(auditsRunning, stream, () =>
        answer(framed(stream), log, frame => answerAudit(frame, node, { ...audits, receipts })),
      )
    },
    { maxInboundStreams: QUESTIONS_PER_CONNECTION_MAX },
  )
  return {
    close: async () => {
      await host.unhandle([JOB_PROTOCOL, RECEIPTS_PROTOCOL, AUDIT_PROTOCOL])
      await Promise.allSettled([...jobsRunning, ...receiptsRunning, ...auditsRunning])
    },
  }
}
