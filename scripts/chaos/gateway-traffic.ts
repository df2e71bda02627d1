import { ask } from './traffic.ts'

/** One chat over HTTP, as its caller saw it. */
export interface Chat {
  number: number
  text: string
  end: 'finished' | 'failed'
  /** An error that names its code, as OpenAI's clients expect it. */
  isTyped: boolean
  code: string | undefined
}

export const GATEWAY = 'gateway'
/** It listens on an address that others can reach, so it wants to know who asks. */
export const API_KEY = 'chaos'
const TIMEOUT_MS = 120_000
const PAUSE_MS = 250

/** Chats with the gateway, one after another, until told to stop; cancelled requests of the plan are left out. */
export async function chatUntil(url: string, seed: number, finishing: AbortSignal): Promise<Chat[]> {
  const chats: Chat[] = []
  for (let number = 0; !finishing.aborted; number++) {
    chats.push(await chat(url, seed, number))
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }
  return chats
}

async function chat(url: string, seed: number, number: number): Promise<Chat> {
  const { content, maxOutputTokens, sampling, seed: answerSeed } = ask(seed, GATEWAY, number)
  const seen: Chat = { number, text: '', end: 'failed', isTyped: false, code: undefined }
  try {
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      body: JSON.stringify({
        ...{
          model: 'aria-1',
          stream: true,
          messages: [{ role: 'user', content }],
          max_tokens: maxOutputTokens,
        },
        ...{ temperature: sampling.temperature / 1000, top_k: sampling.topK, top_p: sampling.topP / 10_000 },
        seed: Number(answerSeed),
      }),
    })
    const body = await response.text()
    if (!response.ok) return { ...seen, ...errorOf(JSON.parse(body)) }
    return body.split('\n\n').reduce(takeEvent, seen)
  } catch (thrown) {
    return { ...seen, code: (thrown as Error).message }
  }
}

interface Event {
  choices?: { delta: { content?: string } }[]
  error?: { code?: string; type?: string }
}

function takeEvent(seen: Chat, text: string): Chat {
  if (!text.startsWith('data: ')) return seen
  if (text === 'data: [DONE]') return { ...seen, end: 'finished', isTyped: true }
  const event = JSON.parse(text.slice('data: '.length)) as Event
  if (event.error !== undefined) return { ...seen, ...errorOf(event) }
  return { ...seen, text: seen.text + (event.choices?.[0]?.delta.content ?? '') }
}

function errorOf({ error }: Event): Pick<Chat, 'isTyped' | 'code'> {
  const code = error?.code ?? error?.type
  return { code, isTyped: code !== undefined && code !== 'internal' }
}
