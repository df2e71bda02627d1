// Finding control and user-defined tokens in text.
import { TOKEN_CONTROL, TOKEN_USER_DEFINED, type Vocabulary } from './vocabulary.ts'

export type Part = { readonly token: number } | { readonly text: string }

export interface Splitter {
  /** With `control`, control tokens are found too; user-defined ones always are. */
  split(text: string, control: boolean): Part[]
  readonly controlTexts: readonly string[]
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function matcher(texts: readonly string[]): RegExp | undefined {
  const longestFirst = [...texts].sort((a, b) => b.length - a.length)
  return texts.length === 0 ? undefined : new RegExp(longestFirst.map(escapeRegExp).join('|'), 'gu')
}

export function specialSplitter(vocabulary: Vocabulary): Splitter {
  const ids = new Map<string, number>()
  const ofType = (type: number): string[] =>
    vocabulary.tokens.filter((token, id) => {
      if (vocabulary.types[id] !== type || token === '') return false
      ids.set(token, id)
      return true
    })
  const controlTexts = ofType(TOKEN_CONTROL)
  const userTexts = ofType(TOKEN_USER_DEFINED)
  const all = matcher([...controlTexts, ...userTexts])
  const user = matcher(userTexts)

  return {
    controlTexts,
    split(text, control) {
      const pattern = control ? all : user
      if (pattern === undefined) return [{ text }]
      const parts: Part[] = []
      let end = 0
      for (const match of text.matchAll(pattern)) {
        parts.push({ text: text.slice(end, match.index) }, { token: ids.get(match[0])! })
        end = match.index + match[0].length
      }
      return [...parts, { text: text.slice(end) }]
    },
  }
}
