import { afterAll, describe, expect, test } from 'vitest'
import { native } from '../api/native.ts'
import { checkGrammar, loadModel, sampling } from '../index.ts'
import { Random } from './support/random.ts'
import { matchBytes, type Node, printGrammar, type Rules } from './support/reference-grammar.ts'
import { writeTinyModel } from './support/tiny-model.ts'
import { packed } from './support/vocabulary.ts'

const utf8 = new TextEncoder()
const match = (grammar: string, text: string | Uint8Array): 0 | 1 | 2 =>
  native().matchGrammar(grammar, typeof text === 'string' ? utf8.encode(text) : text)
const whole = (grammar: string, ...texts: string[]): void => {
  for (const text of texts) expect(match(grammar, text), `${grammar} on ${JSON.stringify(text)}`).toBe(2)
}
const begun = (grammar: string, ...texts: string[]): void => {
  for (const text of texts) expect(match(grammar, text), `${grammar} on ${JSON.stringify(text)}`).toBe(1)
}
const outside = (grammar: string, ...texts: string[]): void => {
  for (const text of texts) expect(match(grammar, text), `${grammar} on ${JSON.stringify(text)}`).toBe(0)
}
const refused = (grammar: string, text: RegExp): void =>
  expect(() => checkGrammar(grammar), grammar.slice(0, 80)).toThrow(
    expect.objectContaining({ code: 'bad_grammar', message: expect.stringMatching(text) }),
  )

describe('a grammar in GBNF', () => {
  test('has literals, alternatives, groups and rules', () => {
    const grammar = 'root ::= greeting " " ("world" | "all")\ngreeting ::= "hi" | "hello"'

    whole(grammar, 'hi world', 'hello all')
    begun(grammar, '', 'h', 'hello', 'hi worl')
    outside(grammar, 'hey', 'hi worlds', ' hi')
  })

  test('has repetitions', () => {
    whole('root ::= "a"*', '', 'a', 'aaaa')
    begun('root ::= "a"+', '')
    whole('root ::= "ab"?', '', 'ab')
    outside('root ::= "a"?', 'aa')
    whole('root ::= [0-9]{2}', '42')
    outside('root ::= [0-9]{2}', '421')
    whole('root ::= ("a" "b"){2,}', 'abab', 'ababab')
    begun('root ::= ("a" "b"){ 2 , }', 'ab', 'aba')
    whole('root ::= "a"{1,3}', 'a', 'aa', 'aaa')
    outside('root ::= "a"{1,3}', 'aaaa')
    whole('root ::= "a"{0,2} "b"{0}', '', 'a', 'aa')
    outside('root ::= "b"{0,0}', 'b')
  })

  test('has sets of characters, negated ones and any character, in Unicode', () => {
    whole('root ::= [ぁ-ゟ]+', 'ひらがな')
    outside('root ::= [ぁ-ゟ]', 'カ')
    whole('root ::= [^\\n"]+', 'né 日本 😀')
    outside('root ::= [^\\n"]', '"')
    whole('root ::= . .', 'é😀', '\n\0')
    whole('root ::= [a\\-z] [\\]\\[] [-a] [a-]', '-]--')
  })

  test('has escapes of code points', () => {
    whole('root ::= "\\x41\\u00e9\\U0001F600\\t\\r\\n\\\\\\"" [\\x61-\\x63]', 'Aé😀\t\r\n\\"b')
  })

  test('breaks lines inside groups and after bars, and has comments', () => {
    whole('# top\nroot ::= ( # open\n  "a"\n  | "b" ) |\n  "c" # last\n\n\nx-1_y ::= "z"\r\n', 'a', 'b', 'c')
  })

  test('nests as deep as the answer, and loops without growing', () => {
    const grammar = 'root ::= "(" root ")" | "x"'

    whole(grammar, `${'('.repeat(5000)}x${')'.repeat(5000)}`)
    begun(grammar, '('.repeat(200_000))
    whole('root ::= item ("," item)*\nitem ::= [a-z]+', `${'ab,'.repeat(50_000)}c`)
  })

  test('never matches bytes that are not UTF-8', () => {
    for (const bytes of [[0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff]])
      expect(match('root ::= .*', Uint8Array.from(bytes))).toBe(0)
    for (const bytes of [[0xc3], [0xf0, 0x9f], [0xe2, 0x82]])
      expect(match('root ::= .*', Uint8Array.from(bytes))).toBe(1)
  })
})

describe('a grammar is refused', () => {
  test.each([
    ['', /1 to 262144 characters/],
    ['# nothing', /no rule 'root'/],
    ['x ::= "a"', /no rule 'root'/],
    ['root ::= x', /names a rule 'x'/],
    ['root ::= "a"\nroot ::= "b"', /line 2, column 1: the rule is defined twice/],
    ['root := "a"', /line 1, column 6: '::='/],
    ['root ::= "a', /ends inside a literal/],
    ['root ::= "a\\', /ends inside an escape/],
    ['root ::= "\\q"', /escape is unknown/],
    ['root ::= "\\x4g"', /hexadecimal digit/],
    ['root ::= "\\ud800"', /none of Unicode's/],
    ['root ::= "\\U00110000"', /none of Unicode's/],
    ['root ::= [a', /ends inside a literal or set/],
    ['root ::= []', /set of characters is empty/],
    ['root ::= [z-a]', /runs backwards/],
    ['root ::= [^\\x00-\\U0010ffff]', /matches none/],
    ['root ::= ("a"', /'\)' is expected/],
    ['root ::= "a")', /go on or to end/],
    ['root ::= *', /nothing to repeat/],
    ['root ::= "a"{3,2}', /most is below its least/],
    ['root ::= "a"{x}', /count is expected/],
    ['root ::= "a"{1', /'}' is expected/],
    ['root ::= <think>', /tokens are not supported/],
    ['root ::= root "a" | "a"', /'root' begins with itself/],
    ['root ::= x\nx ::= "a"? y\ny ::= x "b" | "c"', /'[xy]' begins with itself/],
    ['root ::= ("a"*)*', /repetition of nothing/],
    ['root ::= "a" root', /'root' has no end/],
    ['root ::= "a"\nx ::= y\ny ::= "b" x', /has no end/],
    ['root ::= "a" \0', /go on or to end/],
  ])('%j', (grammar, text) => refused(grammar, text))

  test('beyond its limits: nesting, repetitions, elements', () => {
    const nested = (depth: number): string => `root ::= ${'('.repeat(depth)}"a"${')'.repeat(depth)}`
    const long = (count: number): string => `root ::= ${'a '.repeat(count)}\na ::= "a"{16384,32000}`

    expect(() => checkGrammar(nested(64))).not.toThrow()
    refused(nested(65), /deeper than 64/)
    expect(() => checkGrammar('root ::= "a"{65536}')).not.toThrow()
    refused('root ::= "a"{65537}', /more than 65536/)
    refused('root ::= "a"{99999999999999999999}', /more than 65536/)
    expect(() => checkGrammar(long(1000))).not.toThrow()
    refused('root ::= ("a"{60000} "b"{60000} "c"{60000})', /more than 262144 elements/)
  })

  test('when an answer has too many readings at once', () => {
    const grammar = `root ::= ([a-z]{0,50} [a-z]{0,50} [a-z]{0,50} [a-z]{0,50}){0,50}`

    expect(() => match(grammar, 'a'.repeat(1000))).toThrow(/too ambiguous/)
  })

  test('or read, within bounds, when it is noise: 100,000 random grammars', () => {
    const random = new Random(7)
    const pieces = [
      'root',
      '::=',
      'a',
      '"a"',
      '"',
      '[',
      ']',
      '^',
      '-',
      '(',
      ')',
      '|',
      '*',
      '+',
      '?',
      '{',
      '}',
      '1',
    ]
    const more = [',', '9', '\n', ' ', '#', '\\', '\\x41', 'é', '.', '<', '\0', 'root ::= "a"\n', '\ud800']
    let read = 0
    for (let i = 0; i < 100_000; i++) {
      const count = random.below(14)
      const text = Array.from({ length: count }, () => {
        const list = random.below(2) === 0 ? pieces : more
        return list[random.below(list.length)]!
      })
      const grammar = `${random.below(2) === 0 ? 'root ::= ' : ''}${text.join(random.below(2) === 0 ? ' ' : '')}`
      try {
        native().checkGrammar(grammar)
        read++
      } catch (error) {
        expect(error, JSON.stringify(grammar)).toMatchObject({ code: 'bad_grammar' })
      }
    }
    expect(read).toBeGreaterThan(1000)
  })
})

const ALPHABET = ['a', 'b', '"', 'é', '日', '😀']

function randomNode(random: Random, depth: number): Node {
  const part = (): Node => randomNode(random, depth - 1)
  const parts = (): Node[] => Array.from({ length: 1 + random.below(3) }, part)
  switch (depth === 0 ? random.below(3) : random.below(7)) {
    case 0:
      return {
        kind: 'literal',
        text: ALPHABET[random.below(6)]! + (random.below(2) ? ALPHABET[random.below(6)]! : ''),
      }
    case 1:
      return { kind: 'set', ranges: [[0x61, 0x62 + random.below(0x200)]], negated: random.below(3) === 0 }
    case 2:
      return { kind: 'rule', name: `r${random.below(3)}` }
    case 3:
    case 4:
      return { kind: 'sequence', parts: parts() }
    case 5:
      return { kind: 'choice', parts: parts() }
    default: {
      const least = random.below(3)
      return {
        kind: 'repeat',
        part: part(),
        least,
        most: random.below(2) ? Number.POSITIVE_INFINITY : least + random.below(3),
      }
    }
  }
}

/** Tokens of every cut through the alphabet: whole characters, parts of them, and several together. */
function randomTokens(random: Random): Uint8Array[] {
  const text = utf8.encode(Array.from({ length: 40 }, () => ALPHABET[random.below(6)]).join(''))
  return Array.from({ length: 60 }, () => {
    const begin = random.below(text.length)
    return text.slice(begin, begin + random.below(7))
  })
}

describe('the mask of tokens', () => {
  test('equals trying every token, over random grammars, vocabularies and answers', () => {
    const random = new Random(11)
    let compared = 0
    for (let i = 0; i < 400; i++) {
      const rules: Rules = {
        root: { kind: 'sequence', parts: [randomNode(random, 3)] },
        ...Object.fromEntries([0, 1, 2].map(r => [`r${r}`, randomNode(random, 2)])),
      }
      const grammar = printGrammar(rules)
      try {
        native().checkGrammar(grammar)
      } catch {
        continue // left recursion or no end, as random rules have it
      }
      const tokens = randomTokens(random)
      const stop = tokens.length
      const strings = packed([...tokens, '</s>'])
      const answer: number[] = []
      for (let length = 0; length < 6; length++) {
        const masks = native().grammarMasks(grammar, strings, Uint32Array.of(stop), Uint32Array.from(answer))
        const before = Buffer.concat(answer.map(token => tokens[token]!))
        const expected = tokens.map(token =>
          token.length > 0 && matchBytes(rules, Buffer.concat([before, token])) > 0 ? 1 : 0,
        )
        expected.push(matchBytes(rules, before) === 2 ? 1 : 0)
        expect(Array.from(masks.at(-1)!), `${grammar} after ${before.toString('hex')}`).toEqual(expected)
        compared++

        const open = expected.flatMap((allowed, token) => (allowed === 1 && token !== stop ? [token] : []))
        if (open.length === 0) break
        answer.push(open[random.below(open.length)]!)
      }
    }
    expect(compared).toBeGreaterThan(500)
  })

  test('refuses an answer that the grammar does not allow', () => {
    expect(() =>
      native().grammarMasks('root ::= "a"', packed(['a', 'b']), Uint32Array.of(), Uint32Array.of(0, 1)),
    ).toThrow(/token 1 at index 1/)
  })

  test('stays right while states of a deep answer are forgotten', () => {
    const strings = packed(['(((', '[', ')', ']', 'x', 'stop'])
    const down = Array.from({ length: 20_000 }, (_, i) => (i % 3 === 0 ? 1 : 0))
    const up = down.toReversed().flatMap(token => (token === 0 ? [2, 2, 2] : [3]))
    const answer = Uint32Array.from([...down, 4, ...up])
    const grammar = 'root ::= "(" root ")" | "[" root "]" | "x"'

    const masks = native().grammarMasks(grammar, strings, Uint32Array.of(5), answer)
    const afterClosing = (token: number): number[] => (token === 2 ? [0, 0, 1, 0, 0, 0] : [0, 0, 0, 1, 0, 0])
    for (const [index, token] of answer.entries()) {
      const expected = index <= down.length ? [1, 1, 0, 0, 1, 0] : afterClosing(token)
      if (Buffer.compare(masks[index]!, Uint8Array.from(expected)) !== 0)
        expect(masks[index]).toEqual(expected)
    }
    expect([...masks.at(-1)!]).toEqual([0, 0, 0, 0, 0, 1])
  })
})

const model = await loadModel(writeTinyModel({ seed: 3 }), { threads: 1 })
afterAll(() => model.close())
const prompt = model.tokenizer.encodeChat([{ role: 'user', content: 'hello' }])

describe('a constrained answer', () => {
  const settings = sampling({ temperature: 1.5, grammar: 'root ::= "<" [a-m日é]{5,12} ">" ("," root)?' })

  test('follows its grammar, ends where it may, and is verified', async () => {
    for (let seed = 0n; seed < 20n; seed++) {
      const session = model.createSession()
      await session.prefill(prompt)
      const output: number[] = []
      for (let made = await session.decode(3, settings, seed); made.length > 0 && output.length < 200; ) {
        output.push(...made)
        made = await session.decode(3, settings, seed)
      }
      await session.close()
      const text = model.tokenizer.decode(output)
      const transcript = { prompt, output: Uint32Array.from(output), sampling: settings, seed }

      expect(match(settings.grammar!, text), text).toBe(output.length < 200 ? 2 : 1)
      expect(await model.verify(transcript)).toEqual({ match: true })
      const unconstrained = { ...transcript, sampling: sampling({ temperature: 1.5 }) }
      expect(await model.verify(unconstrained)).toMatchObject({ match: false })
    }
  })

  test('a token that the grammar forbids is found by verify', async () => {
    const output = model.tokenizer.encode('<zzzzz>')

    expect(await model.verify({ prompt, output, sampling: settings, seed: 0n })).toMatchObject({
      match: false,
      position: 1,
    })
  })

  test('a broken grammar is refused by decode and verify', async () => {
    const session = model.createSession()
    await session.prefill(prompt)
    const broken = { ...settings, grammar: 'root ::= (' }

    await expect(session.decode(1, broken, 0n)).rejects.toMatchObject({ code: 'bad_grammar' })
    await expect(
      model.verify({ prompt, output: Uint32Array.of(1), sampling: broken, seed: 0n }),
    ).rejects.toMatchObject({ code: 'bad_grammar' })
    await session.close()
  })
})
