import {
  createHost,
  type FramedStream,
  framed,
  type Host,
  NEGOTIATION_BYTES_MAX,
  STREAM_WINDOW_BYTES,
} from '@aria/sdk/p2p'
import {
  AUDIT_PROTOCOL,
  auditReply,
  auditRequest,
  decodeFrame,
  decodeJobMessage,
  encodeFrame,
  encodeJobMessage,
  FRAME_BYTES_MAX,
  JOB_PROTOCOL,
  RECEIPTS_PROTOCOL,
  receiptsReply,
  receiptsRequest,
  requestFrameBytes,
  SMALL_FRAME_BYTES_MAX,
} from '@aria/sdk/protocol'
import type { Stream } from '@libp2p/interface'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STREAMS_PER_CONNECTION_MAX } from '../p2p/job/limits.ts'
import { penalties } from '../p2p/penalties.ts'
import { type Server, serveProtocols } from '../p2p/server.ts'
import { countingModel, type JobKit, jobKit, MODEL_ID, PARTS } from './support/job-kit.ts'

/** A real node's protocols over real libp2p on loopback; the peer is a stranger who sends what it likes. */
describe('frames from a stranger', () => {
  let kit: JobKit
  let node: Host
  let peer: Host
  let server: Server

  beforeAll(async () => {
    // One peer stands for many here: it must not be turned away after its first faults.
    const tolerant = { ...penalties(), check: () => {} }
    kit = jobKit(countingModel({ stopAt: 3 }).model, { penalties: tolerant })
    node = await createHost({ privateKey: `0x${'11'.repeat(32)}`, listen: ['/ip4/127.0.0.1/tcp/0'] })
    peer = await createHost({ privateKey: `0x${'66'.repeat(32)}` })
    const audits = { isDrawn: async () => false }
    server = await serveProtocols({ host: node, jobs: kit.components, receipts: kit.receipts, audits })
  })
  afterAll(async () => {
    await peer.stop()
    await server.close()
    await node.stop()
    kit.close()
  })

  const open = (protocol: string): Promise<Stream> => peer.dialProtocol(node.getMultiaddrs(), protocol)

  /** What the node answers to raw bytes; undefined when it only ends the stream. */
  async function answerTo(bytes: Uint8Array): Promise<string | undefined> {
    const stream = await open(JOB_PROTOCOL)
    stream.send(bytes)
    const frames = framed(stream)
    const frame = await frames.read({ signal: AbortSignal.timeout(5_000) })
    await frames.close().catch(() => {})
    if (frame === undefined) return undefined
    const message = decodeJobMessage(frame)
    return message.type === 'reject' ? message.body.code : message.type
  }

  const lengthOf = (byteCount: number) =>
    Uint8Array.of((byteCount & 0x7f) | 0x80, ((byteCount >> 7) & 0x7f) | 0x80, byteCount >> 14)

  it.each([
    ['an empty frame', Uint8Array.of(0), 'bad_frame'],
    ['an unknown tag', Uint8Array.of(1, 77), 'bad_frame'],
    ['broken CBOR', Uint8Array.of(4, 1, 0x9f, 0xff, 0xff), 'bad_frame'],
    ['a message of another moment', Uint8Array.of(3, 10, 0x81, 0x60), 'bad_frame'],
    ['a length beyond the limit', lengthOf(FRAME_BYTES_MAX + 1), 'frame_too_large'],
    ['a length that never ends', new Uint8Array(64).fill(0x80), 'frame_too_large'],
  ])('%s is refused with its reason', async (_what, bytes, code) => {
    const before = kit.components.metrics.read().aria_peer_violations_total
    expect(await answerTo(bytes)).toBe(code)
    expect(kit.components.metrics.read().aria_peer_violations_total).toBe(before + 1)
  })

  it('a request may be as large as what was quoted, and no larger', async () => {
    const ask = async (prompt: number) => {
      const stream = framed(await open(JOB_PROTOCOL))
      const { payer, signer, salt } = PARTS
      const body = {
        ...{ modelId: MODEL_ID, channel: { payer, signer, salt }, inputTokens: 8, maxOutputTokens: 9 },
        ...{ windowTokensMax: 16, nonce: 1n },
      }
      await stream.write(encodeJobMessage({ type: 'quoteRequest', body }))
      expect(decodeJobMessage((await stream.read())!).type).toBe('quote')
      await stream.write(new Uint8Array(prompt).fill(3))
      const answer = decodeJobMessage((await stream.read())!)
      await stream.close()
      return answer.type === 'reject' && answer.body.code
    }
    expect(await ask(requestFrameBytes(8))).toBe('bad_frame') // read, and then found to be no request
    expect(await ask(requestFrameBytes(8) + 1)).toBe('frame_too_large')
  })

  it.each([
    [RECEIPTS_PROTOCOL, SMALL_FRAME_BYTES_MAX + 1],
    [AUDIT_PROTOCOL, SMALL_FRAME_BYTES_MAX + 1],
  ])('a question on %s is small', async (protocol, bytes) => {
    const stream = framed(await open(protocol))
    await stream.write(new Uint8Array(bytes))
    expect(await stream.read({ signal: AbortSignal.timeout(5_000) })).toBeUndefined()
  })

  it('a peer that floods makes us keep two frames and one window per stream, whatever it sends', async () => {
    const kept: number[] = []
    const ends: Promise<unknown>[] = []
    const held: FramedStream[] = []
    await node.handle('/test/flood', stream => {
      const frames = framed(stream)
      frames.limit(SMALL_FRAME_BYTES_MAX)
      const at = held.push(frames) - 1
      stream.addEventListener('message', () => {
        kept[at] = Math.max(kept[at] ?? 0, frames.unread())
      })
      ends.push(new Promise(resolve => stream.addEventListener('close', resolve)))
    })
    const streams = await Promise.all(Array.from({ length: 16 }, () => open('/test/flood')))
    for (const stream of streams) for (let sent = 0; sent < 64; sent++) stream.send(new Uint8Array(64 * 1024))
    await expect.poll(() => ends.length).toBe(16)
    await Promise.all(ends)
    expect(Math.max(...kept)).toBeLessThanOrEqual(2 * SMALL_FRAME_BYTES_MAX + STREAM_WINDOW_BYTES)
    for (const frames of held)
      await expect(frames.read()).rejects.toThrow(expect.objectContaining({ code: 'frame_too_large' }))
    for (const stream of streams) stream.abort(new Error('done'))
  })

  it('a peer that agrees on no protocol is cut off after a few kilobytes, and one within them is served', async () => {
    const connection = await peer.dial(node.getMultiaddrs())
    const { muxer } = connection as unknown as { muxer: { createStream(options: object): Promise<Stream> } }
    const line = (text: string) => Buffer.from([text.length + 1, ...Buffer.from(`${text}\n`)])
    const silly = line(`/${'x'.repeat(100)}`)
    const flood = async (bytes: number, last: string) => {
      const raw = await muxer.createStream({})
      const ended = new Promise<string>(resolve => raw.addEventListener('close', () => resolve('reset')))
      const answered = new Promise<string>(resolve => {
        let read = ''
        raw.addEventListener('message', ({ data }) => {
          read += Buffer.from(data.subarray()).toString()
          if (read.includes(`${last}\n`)) resolve('served')
        })
      })
      raw.send(line('/multistream/1.0.0'))
      const used = 20 + last.length + 2
      for (let sent = used; sent + silly.length <= bytes; sent += silly.length) raw.send(silly)
      raw.send(line(last))
      const end = await Promise.race([ended, answered])
      raw.abort(new Error('done'))
      return end
    }
    expect(await flood(NEGOTIATION_BYTES_MAX, RECEIPTS_PROTOCOL)).toBe('served')
    expect(await flood(NEGOTIATION_BYTES_MAX * 40, RECEIPTS_PROTOCOL)).toBe('reset')
  })

  it('500 random frames are refused, and the node serves on', async () => {
    let state = 12345
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return state >>> 16
    }
    for (let round = 0; round < 10; round++) {
      const answers = Array.from({ length: 50 }, () => {
        const body = Uint8Array.from({ length: 1 + (random() % 60) }, () => random() & 0xff)
        body[0] = 1 + (random() % 12)
        return answerTo(Uint8Array.of(body.length, ...body))
      })
      for (const code of await Promise.all(answers)) expect(code).toBe('bad_frame')
    }
    const stream = framed(await open(RECEIPTS_PROTOCOL))
    await stream.write(encodeFrame(receiptsRequest, { after: 0n, limit: 5 }))
    expect(decodeFrame(receiptsReply, (await stream.read())!, 'reply')).toEqual({ items: [] })
    await stream.close()
    expect(kit.components.scheduler.slotsFree()).toBe(2)
  })

  it('a transcript is only for a drawn verifier', async () => {
    const stream = framed(await open(AUDIT_PROTOCOL))
    await stream.write(encodeFrame(auditRequest, { epoch: 1, positions: [0n] }))
    const { reject } = decodeFrame(auditReply, (await stream.read())!, 'reply')
    expect(reject!.code).toBe('not_found')
    await stream.close()
  })

  it('one connection holds no more than its share of streams', async () => {
    const attempts = Array.from({ length: STREAMS_PER_CONNECTION_MAX + 8 }, () => open(JOB_PROTOCOL))
    const opened = (await Promise.allSettled(attempts)).flatMap(r =>
      r.status === 'fulfilled' ? [r.value] : [],
    )
    await new Promise(resolve => setTimeout(resolve, 100))
    const alive = opened.filter(stream => stream.status === 'open')
    expect(alive.length).toBeLessThanOrEqual(STREAMS_PER_CONNECTION_MAX)
    for (const stream of opened) stream.abort(new Error('done'))
  })
})
