// Models in several files: the same model as in one, and refused by name when the files do not belong together.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EngineError, loadModel, loadTokenizer, readContent } from '../index.ts'
import { type GgufFile, splitGguf, writeGguf } from './support/gguf-writer.ts'
import { hashOf } from './support/hash.ts'
import { temporaryFile, tinyModel } from './support/tiny-model.ts'

const MODEL = tinyModel({ layers: 1 })
const PROMPT = Uint32Array.from({ length: 20 }, (_, i) => i * 7)

const pathOf = (folder: string, part: number, count: number, stem = 'tiny'): string =>
  join(folder, `${stem}-${String(part + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.gguf`)

/** Writes parts under their names and returns the first one's path. */
function writeParts(parts: readonly GgufFile[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'aria-split-'))
  for (const [part, file] of parts.entries())
    writeFileSync(pathOf(folder, part, parts.length), writeGguf(file).bytes)
  return pathOf(folder, 0, parts.length)
}

async function refusal(path: string): Promise<EngineError> {
  try {
    await (await loadModel(path, { threads: 1 })).close()
  } catch (error) {
    if (error instanceof EngineError) return error
    throw error
  }
  throw new Error('The files were accepted.')
}

async function logitsHash(path: string): Promise<string> {
  const model = await loadModel(path, { threads: 1 })
  const session = model.createSession()
  await session.prefill(PROMPT)
  const hash = hashOf(await session.logits())
  await model.close()
  return hash
}

describe('a split model', () => {
  const whole = temporaryFile(writeGguf(MODEL).bytes)
  const total = MODEL.tensors.length

  test.each([
    ['two parts', [4, total - 4]],
    ['three parts, the first without tensors', [0, 5, total - 5]],
    ['a part for each tensor', MODEL.tensors.map(() => 1)],
  ])('in %s is the model of the whole file: same logits, same identity', async (_, counts) => {
    const first = writeParts(splitGguf(MODEL, counts))

    expect(await logitsHash(first)).toBe(await logitsHash(whole))
    const [split, one] = [await readContent(first), await readContent(whole)]
    expect(Buffer.from(split.header).equals(Buffer.from(one.header))).toBe(true)
    expect(
      split.tensors.map(({ name, data }) => [name, hashOf(new Uint32Array(data.slice().buffer))]),
    ).toEqual(one.tensors.map(({ name, data }) => [name, hashOf(new Uint32Array(data.slice().buffer))]))
    expect(split.info.files.length).toBe(counts.length)
    expect(split.info.fileBytes).toBeGreaterThan(one.info.fileBytes)
  })

  test('merged again, with the keys that merging leaves, has the same identity', async () => {
    const merged = temporaryFile(
      writeGguf({
        ...MODEL,
        metadata: {
          ...MODEL.metadata,
          'split.no': { type: 'u16', value: 0 },
          'split.count': { type: 'u16', value: 0 },
        },
      }).bytes,
    )

    const [a, b] = [await readContent(merged), await readContent(whole)]

    expect(Buffer.from(a.header).equals(Buffer.from(b.header))).toBe(true)
    expect(await logitsHash(merged)).toBe(await logitsHash(whole))
  })

  test('says where each tensor lies', async () => {
    const { info } = await loadTokenizer(writeParts(splitGguf(MODEL, [3, total - 3])))

    expect(info.tensors.map(({ part }) => part)).toEqual(MODEL.tensors.map((_, i) => (i < 3 ? 0 : 1)))
  })
})

describe('parts that do not make a model', () => {
  const parts = () => splitGguf(MODEL, [2, 3, MODEL.tensors.length - 5])

  test('a missing part is named', async () => {
    const first = writeParts(parts())
    rmSync(first.replace('-00001-', '-00002-'))

    expect(await refusal(first)).toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/Part 2 of 3.*tiny-00002-of-00003\.gguf/),
    })
  })

  test('another part than the first names the first', async () => {
    const first = writeParts(parts())

    expect(await refusal(first.replace('-00001-', '-00003-'))).toMatchObject({
      code: 'bad_gguf',
      message: expect.stringMatching(/part 3 of 3.*open the first part, .*tiny-00001-of-00003\.gguf/),
    })
  })

  test('a part under another name says which ending is expected', async () => {
    const path = temporaryFile(writeGguf(parts()[0]!).bytes)

    expect(await refusal(path)).toMatchObject({
      code: 'bad_gguf',
      message: expect.stringMatching(/part 1 of 3.*'-00001-of-00003\.gguf'/),
    })
  })

  test.each<[string, (files: GgufFile[]) => void, RegExp]>([
    [
      'parts in another order',
      files => files.splice(1, 2, files[2]!, files[1]!),
      /00002-of.*'split\.no' is 2; 1 is/,
    ],
    [
      'a part of another split',
      files => (files[1]!.metadata['split.count'] = { type: 'u16', value: 4 }),
      /split\.count/,
    ],
    [
      'a part without a number',
      files => delete files[2]!.metadata['split.no'],
      /00003-of.*'split\.no' is missing/,
    ],
    [
      'a tensor in two parts',
      files => files[2]!.tensors.splice(0, 1, files[0]!.tensors[0]!),
      /token_embd.*twice/,
    ],
    [
      'a tensor too few',
      files => files[2]!.tensors.pop(),
      /'split\.tensors\.count' is 13, but the parts hold 12/,
    ],
    [
      'a part with metadata of its own',
      files => (files[1]!.metadata['general.name'] = { type: 'string', value: 'x' }),
      /general\.name/,
    ],
    ['a part with a broken header', files => (files[1]!.magic = 'GGML'), /00002-of.*'GGUF'/],
    [
      'a million parts',
      files => (files[0]!.metadata['split.count'] = { type: 'u32', value: 1e6 }),
      /split\.count.*1000000/,
    ],
    [
      'a negative count',
      files => (files[0]!.metadata['split.count'] = { type: 'i32', value: -2 }),
      /split\.count/,
    ],
  ])('%s are refused', async (_, change, message) => {
    const files = parts()
    change(files)

    expect(await refusal(writeParts(files))).toMatchObject({
      code: 'bad_gguf',
      message: expect.stringMatching(message),
    })
  })
})

describe('loading', () => {
  test('reports progress and ends when cancelled', async () => {
    const path = temporaryFile(writeGguf(MODEL).bytes)
    const shares: number[] = []
    const model = await loadModel(path, { onProgress: share => shares.push(share) })
    await model.close()

    expect(shares.at(-1)).toBe(1)
    expect(shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1)).toBe(true)
    await expect(loadModel(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  })
})
