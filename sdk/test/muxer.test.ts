import type { Stream } from '@libp2p/interface'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHost, type FramedStream, framed, type Host } from '../p2p/index.ts'
import { STREAM_WINDOW_BYTES } from '../p2p/muxer.ts'
import { randomKey } from './helpers/scripted-provider.ts'

const PROTOCOL = '/aria/test/muxer/1'
const FRAMES = 200

let reader: Host
let writer: Host
/** The reader's side of each stream, as it comes. */
const arrived: Stream[] = []

beforeAll(async () => {
  reader = await createHost({ privateKey: randomKey(301), listen: ['/ip4/127.0.0.1/tcp/0'] })
  writer = await createHost({ privateKey: randomKey(302) })
  await reader.handle(PROTOCOL, stream => {
    arrived.push(stream)
  })
})
afterAll(async () => {
  await writer.stop()
  await reader.stop()
})

async function open(): Promise<{ from: FramedStream; to: FramedStream; windowUpdates: () => number }> {
  const from = framed(await writer.dialProtocol(reader.getMultiaddrs(), PROTOCOL))
  await expect.poll(() => arrived.length).toBeGreaterThan(0)
  const stream = arrived.pop()!
  let updates = 0
  const inside = stream as Stream & { sendFrame(header: { type: number }, data?: unknown): unknown }
  const sendFrame = inside.sendFrame.bind(stream)
  inside.sendFrame = (header, data) => {
    if (header.type === 1) updates++
    return sendFrame(header, data)
  }
  return { from, to: framed(stream), windowUpdates: () => updates }
}

test('small frames are not answered one by one', async () => {
  const { from, to, windowUpdates } = await open()

  for (let at = 0; at < FRAMES; at++) {
    await from.write(Uint8Array.of(at))
    expect([...(await to.read())!]).toEqual([at])
  }

  // At most the first one, which tells that the stream is taken.
  expect(windowUpdates()).toBeLessThanOrEqual(1)
  from.abort(new Error('done'))
})

test('a stream carries many times its window, and opens it half at a time', async () => {
  const { from, to, windowUpdates } = await open()
  const frame = new Uint8Array(STREAM_WINDOW_BYTES / 4).fill(7)
  const frames = 40

  const writing = (async () => {
    for (let at = 0; at < frames; at++) await from.write(frame)
  })()
  for (let at = 0; at < frames; at++) expect((await to.read())?.length).toBe(frame.length)
  await writing

  const halves = (frames * frame.length) / (STREAM_WINDOW_BYTES / 2)
  expect(windowUpdates()).toBeLessThanOrEqual(halves + 1)
  expect(windowUpdates()).toBeGreaterThanOrEqual(halves / 2)
  from.abort(new Error('done'))
})
