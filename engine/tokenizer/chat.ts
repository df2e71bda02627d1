// The chat template. Message contents are data: a control token written inside one must not become that token, or
// any user could speak as the system. A marker breaks such text apart while the template runs, and is taken out after.
import { Template } from '@huggingface/jinja'
import { EngineError } from '../api/error.ts'
import type { ChatMessage } from './types.ts'
import type { Vocabulary } from './vocabulary.ts'

const MARKERS_FIRST = 0xe000 // the private use area: any character of it that the messages do not contain
const MARKERS_LAST = 0xf8ff

export interface RenderedChat {
  readonly text: string
  readonly marker: string
}

function unusedMarker(messages: readonly ChatMessage[]): string {
  const used = new Set(messages.flatMap(message => [...message.content]))
  for (let code = MARKERS_FIRST; code <= MARKERS_LAST; code++)
    if (!used.has(String.fromCodePoint(code))) return String.fromCodePoint(code)
  throw new EngineError('bad_template', 'The messages use every character of the private use area.')
}

function breakApart(content: string, controlTexts: readonly string[], marker: string): string {
  return controlTexts.reduce((text, control) => text.replaceAll(control, [...control].join(marker)), content)
}

function checkMessages(messages: readonly ChatMessage[]): void {
  if (messages.length === 0) throw new EngineError('bad_template', 'A chat needs at least one message.')
  for (const { role, content } of messages) {
    if (role !== 'system' && role !== 'user' && role !== 'assistant')
      throw new EngineError('bad_template', `Role '${String(role)}' is not system, user or assistant.`)
    if (typeof content !== 'string')
      throw new EngineError('bad_template', `The content of a ${role} message is not a string.`)
  }
}

export function chatRenderer(
  vocabulary: Vocabulary,
  controlTexts: readonly string[],
): (messages: readonly ChatMessage[]) => RenderedChat {
  let template: Template | undefined // parsed on first use: a file without a template is still good for completions
  function parsed(): Template {
    if (vocabulary.chatTemplate === undefined)
      throw new EngineError('unsupported', 'The model file has no chat template.')
    template ??= new Template(vocabulary.chatTemplate)
    return template
  }
  const tokenText = (id: number | undefined): string =>
    id === undefined ? '' : (vocabulary.tokens[id] ?? '')

  return messages => {
    checkMessages(messages)
    const marker = unusedMarker(messages)
    const safe = messages.map(({ role, content }) => ({
      role,
      content: breakApart(content, controlTexts, marker),
    }))
    try {
      const text = parsed().render({
        messages: safe,
        add_generation_prompt: true,
        bos_token: tokenText(vocabulary.bos),
        eos_token: tokenText(vocabulary.stopTokens[0]),
      })
      return { text, marker }
    } catch (error) {
      if (error instanceof EngineError) throw error
      throw new EngineError(
        'bad_template',
        `The chat template failed: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      )
    }
  }
}
