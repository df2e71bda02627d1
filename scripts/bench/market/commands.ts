// One process asks, another answers: commands over the IPC channel between a parent and its worker.
export type Handlers = Record<string, (argument: never) => unknown>

interface Question {
  id: number
  command: string
  argument: unknown
}
interface Answer {
  id: number
  result?: unknown
  error?: string
}

/** In the worker. Other messages are not ours: the worker may be a shipped program with a probe in it. */
export function answerCommands(handlers: Handlers): void {
  process.on('message', async (message: Question) => {
    const handler = handlers[message?.command]
    if (handler === undefined) return
    const { id } = message
    try {
      reply({ id, result: await handler(message.argument as never) })
    } catch (thrown) {
      reply({ id, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) })
    }
  })
}

function reply(answer: Answer): void {
  process.send?.(answer)
}

export interface Channel {
  send(message: Question): boolean
  on(event: 'message', listener: (message: Answer) => void): unknown
}

/** In the parent. Pending questions fail when `gone` resolves. */
export function asker(name: string, channel: Channel, gone: Promise<string>) {
  const pending = new Map<number, PromiseWithResolvers<unknown>>()
  let next = 0
  channel.on('message', answer => {
    const waiting = pending.get(answer.id)
    pending.delete(answer.id)
    if (answer.error === undefined) waiting?.resolve(answer.result)
    else waiting?.reject(new Error(`${name}: ${answer.error}`))
  })
  gone.then(how => {
    for (const { reject } of pending.values()) reject(new Error(`${name} ended (${how}).`))
  })
  return async <T>(command: string, argument: unknown = null): Promise<T> => {
    const id = next++
    const waiting = Promise.withResolvers<unknown>()
    pending.set(id, waiting)
    channel.send({ id, command, argument })
    return (await waiting.promise) as T
  }
}
