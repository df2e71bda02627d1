// Chats. Message contents are data: a control token written inside one must not become that token, or any user could speak
// as the system. A marker breaks such text apart while the template runs, and is taken out after.
import { EngineError } from '../api/error.ts'
import type { NativeControl, NativeTokenizer, ProtectedContents, TokenizerFacts } from '../api/native.ts'
import { CHARACTERS_ON_LOOP, MESSAGES_ON_LOOP, TEXT_LENGTH_MAX } from './limits.ts'
import { renderInThread } from './render-thread.ts'
import { chatTemplate, type Render } from './template.ts'
import type { ChatMessage } from './types.ts'

function checkMessages(messages: readonly ChatMessage[]): void {
  if (messages.length === 0) throw new EngineError('bad_template', 'A chat needs at least one message.')
  let length = 0
  for (const { role, content } of messages) {
    if (role !== 'system' && role !== 'user' && role !== 'assistant')
      throw new EngineError('bad_template', `Role '${String(role)}' is not system, user or assistant.`)
    if (typeof content !== 'string')
      throw new EngineError('bad_template', `The content of a ${role} message is not a string.`)
    length += content.length
  }
  if (length > TEXT_LENGTH_MAX)
    throw new EngineError(
      'bad_token',
      `The messages have ${length} characters; at most ${TEXT_LENGTH_MAX} are allowed.`,
    )
}

/** Rendering more would take the event loop longer than a thread takes to start. */
const isLarge = (messages: readonly ChatMessage[]): boolean =>
  messages.length > MESSAGES_ON_LOOP ||
  messages.reduce((sum, { content }) => sum + content.length, 0) > CHARACTERS_ON_LOOP

export interface Chat {
  encode(messages: readonly ChatMessage[]): Uint32Array
  encodeAsync(messages: readonly ChatMessage[], control: NativeControl): Promise<Uint32Array>
}

export function chatOf(raw: NativeTokenizer, facts: TokenizerFacts): Chat {
  let render: Render | undefined // parsed on first use: a file without a template is still good for completions
  const variables = { add_generation_prompt: true, bos_token: facts.bosText, eos_token: facts.eosText }
  function template(): string {
    if (facts.chatTemplate !== undefined) return facts.chatTemplate
    throw new EngineError('unsupported', 'The model file has no chat template.')
  }
  function checked(text: string): string {
    if (text.length <= TEXT_LENGTH_MAX) return text
    throw new EngineError(
      'bad_template',
      `The chat template makes ${text.length} characters; at most ${TEXT_LENGTH_MAX} are allowed.`,
    )
  }
  const contentsOf = (messages: readonly ChatMessage[]): string[] => messages.map(({ content }) => content)
  const withContents = (messages: readonly ChatMessage[], { contents }: ProtectedContents): ChatMessage[] =>
    messages.map(({ role }, index) => ({ role, content: contents[index]! }))
  function textOf(messages: readonly ChatMessage[]): string {
    render ??= chatTemplate(template())
    return checked(render(messages, variables))
  }

  return {
    encode(messages) {
      checkMessages(messages)
      const safe = raw.protect(contentsOf(messages))
      return raw.encodeChat(textOf(withContents(messages, safe)), safe.marker)
    },
    async encodeAsync(messages, control) {
      checkMessages(messages)
      const safe = await raw.protect(contentsOf(messages), control)
      const work = withContents(messages, safe)
      const text = isLarge(messages)
        ? checked(await renderInThread({ template: template(), messages: work, variables }))
        : textOf(work)
      return raw.encodeChat(text, safe.marker, control)
    },
  }
}
