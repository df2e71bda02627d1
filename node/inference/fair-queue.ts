/** Items of many clients: whose turn it is, is decided by how much each client has, not by who came first. */
export interface FairQueue<T> {
  size(): number
  /** Waiting items of one client. */
  count(client: string): number
  add(client: string, item: T): void
  remove(client: string, item: T): void
  /** The oldest item of the client with the fewest running ones; among equals, of the one that began longest ago. */
  peek(): T | undefined
  /** An item of the client runs. */
  began(client: string): void
  ended(client: string): void
}

interface Client<T> {
  running: number
  waiting: T[]
}

export function fairQueue<T>(): FairQueue<T> {
  // In the order of their last beginning: whoever begins moves to the end. Only clients with items are remembered.
  const clients = new Map<string, Client<T>>()
  let size = 0

  const of = (name: string): Client<T> => {
    const known = clients.get(name) ?? { running: 0, waiting: [] }
    clients.set(name, known)
    return known
  }
  const forgetIdle = (name: string, { running, waiting }: Client<T>) => {
    if (running === 0 && waiting.length === 0) clients.delete(name)
  }

  return {
    size: () => size,
    count: name => clients.get(name)?.waiting.length ?? 0,
    add: (name, item) => {
      of(name).waiting.push(item)
      size++
    },
    remove: (name, item) => {
      const client = of(name)
      const at = client.waiting.indexOf(item)
      if (at >= 0) {
        client.waiting.splice(at, 1)
        size--
      }
      forgetIdle(name, client)
    },
    peek: () => {
      let next: Client<T> | undefined
      for (const client of clients.values())
        if (client.waiting.length > 0 && (next === undefined || client.running < next.running)) next = client
      return next?.waiting[0]
    },
    began: name => {
      const client = of(name)
      client.running++
      clients.delete(name)
      clients.set(name, client)
    },
    ended: name => {
      const client = of(name)
      client.running--
      forgetIdle(name, client)
    },
  }
}
