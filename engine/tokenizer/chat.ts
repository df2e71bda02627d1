// Chats. Message contents are data: a control token written inside one must not become that token, or any user could speak
// as the system. A marker breaks such text apart while the template runs, and is taken out after.
import { EngineError } from '../api/error.ts'
import type { NativeControl, NativeTokenizer, ProtectedContents, TokenizerFacts } from '../api/native.ts'
import { TEXT_LENGTH_MAX } from './limits.ts'
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

export interface Chat {
  encode(messages: readonly ChatMessage[]): Uint32Array
  encodeAsync(messages: readonly ChatMessage[], control: NativeControl): Promise<Uint32Array>
}

export function chatOf(raw: NativeTokenizer, facts: TokenizerFacts): Chat {
  let render: Render | undefined // parsed on first use: a file without a template is still good for completions
  function rendered(messages: readonly ChatMessage[], contents: readonly string[]): string {
    if (facts.chatTemplate === undefined)
      throw new EngineError('unsupported', 'The model file has no chat template.')
    render ??= chatTemplate(facts.chatTemplate)
    const text = render(
      messages.map(({ role }, index) => ({ role, content: contents[index]! })),
      { add_generation_prompt: true, bos_token: facts.bosText, eos_token: facts.eosText },
    )
    if (text.length > TEXT_LENGTH_MAX)
      throw new EngineError(
        'bad_template',
        `The chat template makes ${text.length} characters; at most ${TEXT_LENGTH_MAX} are allowed.`,
      )
    return text
  }
  const contentsOf = (messages: readonly ChatMessage[]): string[] => messages.map(({ content }) => content)
  const textOf = (messages: readonly ChatMessage[], { contents }: ProtectedContents): string =>
    rendered(messages, contents)

  return {
    encode(messages) {
      checkMessages(messages)
      const safe = raw.protect(contentsOf(messages))
      return raw.encodeChat(textOf(messages, safe), safe.marker)
    },
    async encodeAsync(messages, control) {
      checkMessages(messages)
      const safe = await raw.protect(contentsOf(messages), control)
      return raw.encodeChat(textOf(messages, safe), safe.marker, control)
    },
  }
}
