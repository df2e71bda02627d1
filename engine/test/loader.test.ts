import { readdirSync, readFileSync, truncateSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ENGINE_ERROR_CODES, EngineError, loadModel, loadTokenizer } from '../index.ts'
import { type GgufFile, writeGguf } from './support/gguf-writer.ts'
import { Random } from './support/random.ts'
import { temporaryFile, tinyModel, writeTinyModel } from './support/tiny-model.ts'

const HEADER_CODES = ['bad_gguf', 'unsupported']

async function refusal(file: GgufFile | Uint8Array): Promise<EngineError> {
  const path = temporaryFile(file instanceof Uint8Array ? file : writeGguf(file).bytes)
  try {
    const model = await loadModel(path, { threads: 1 })
    await model.close()
  } catch (error) {
    if (error instanceof EngineError) return error
    throw error
  }
  throw new Error('The file was accepted.')
}

/** A sound model with one thing changed. */
function broken(change: (file: GgufFile) => void): GgufFile {
  const file = tinyModel({ layers: 1 })
  change(file)
  return file
}
const tensor = (file: GgufFile, name: string) => file.tensors.find(candidate => candidate.name === name)!
const drop = (file: GgufFile, name: string): void => {
  file.tensors = file.tensors.filter(candidate => candidate.name !== name)
}

describe('a truncated file', () => {
  const sound = writeGguf(tinyModel({ layers: 1 }))

  test('is refused at every boundary of the header and of each tensor', async () => {
    // Vocabulary strings make thousands of like boundaries; every 13th of them and all from the tensors on will do.
    const cuts = sound.boundaries.filter(
      (_, index) => index % 13 === 0 || index > sound.boundaries.length - 150,
    )
    for (const cut of cuts) {
      const error = await refusal(sound.bytes.subarray(0, cut))
      expect(HEADER_CODES, `cut at ${cut}: ${error.message}`).toContain(error.code)
    }
  })

  test('is refused when one byte is missing, and accepted when none is', async () => {
    const path = temporaryFile(sound.bytes)
    await (await loadModel(path, { threads: 1 })).close()
    truncateSync(path, sound.bytes.length - 1)

    await expect(loadModel(path)).rejects.toMatchObject({ code: 'bad_gguf' })
  })
})

const HUGE = 2n ** 64n - 1n

const HOSTILE: Record<string, { change: (file: GgufFile) => void; code?: string; message: RegExp }> = {
  'another magic': { change: file => (file.magic = 'GGML'), message: /'GGUF'/ },
  'version 1': { change: file => (file.version = 1), message: /version 1/ },
  'a version of the other byte order': {
    change: file => (file.version = 0x03000000),
    message: /version 50331648/,
  },
  '2^64 - 1 tensors': { change: file => (file.tensorCount = HUGE), message: /18446744073709551615 tensors/ },
  '2^64 - 1 keys': { change: file => (file.keyCount = HUGE), message: /18446744073709551615 keys/ },
  'more tensors than there are': { change: file => (file.tensorCount = 60n), message: /tensor/i },
  'fewer keys than there are': { change: file => (file.keyCount = 3n), message: /./ },
  'a shape whose size overflows': {
    change: file => (tensor(file, 'output_norm.weight').shape = [2 ** 40, 2 ** 40]),
    message: /output_norm.*overflow/,
  },
  'a tensor beyond the end': {
    change: file => (tensor(file, 'output_norm.weight').offset = 2 ** 40),
    message: /output_norm.*beyond the file's end/,
  },
  'an offset off the alignment': {
    change: file => (tensor(file, 'output_norm.weight').offset = 33),
    message: /output_norm.*not a multiple of 32/,
  },
  'overlapping tensors': {
    change: file => (tensor(file, 'output_norm.weight').offset = 0),
    message: /overlap/,
  },
  'a tensor twice': {
    change: file => (tensor(file, 'output_norm.weight').name = 'token_embd.weight'),
    message: /appears twice/,
  },
  'a row that is not whole blocks': {
    change: file => (tensor(file, 'blk.0.attn_q.weight').shape = [130, 256]),
    message: /attn_q.*multiple of 128/,
  },
  'a dimension of 0': {
    change: file => (tensor(file, 'output_norm.weight').shape = [0]),
    message: /dimension of 0/,
  },
  'five dimensions': {
    change: file => (tensor(file, 'output_norm.weight').dimensions = 5),
    message: /5 dimensions/,
  },
  'an unknown tensor type': {
    change: file => (tensor(file, 'output_norm.weight').type = 99),
    message: /unknown type 99/,
  },
  'a missing tensor': {
    change: file => drop(file, 'blk.0.ffn_up.weight'),
    message: /'blk\.0\.ffn_up\.weight' is missing; rows of 256 and 384 rows are expected/,
  },
  'a missing embedding': { change: file => drop(file, 'token_embd.weight'), message: /token_embd/ },
  'a tensor of the wrong shape': {
    change: file => {
      const down = tensor(file, 'blk.0.ffn_down.weight')
      down.shape = [down.shape[1]!, down.shape[0]!]
    },
    message: /ffn_down.*384 and 256 are expected/,
  },
  'a tensor that no one computes with': {
    change: file => file.tensors.push({ ...tensor(file, 'output_norm.weight'), name: 'blk.0.attn_q.bias' }),
    code: 'unsupported',
    message: /attn_q\.bias/,
  },
  'a weight type that is not computed': {
    change: file => {
      const up = tensor(file, 'blk.0.ffn_up.weight')
      up.type = 13 // Q5_K: 176 bytes per 256 weights
      up.data = new Uint8Array(176 * 384)
    },
    code: 'unsupported',
    message: /ffn_up.*Q5_K/,
  },
  'an infinite scale': {
    change: file => tensor(file, 'blk.0.ffn_up.weight').data.set([0x00, 0x7c], 18),
    message: /ffn_up.*row 0.*infinite or NaN/,
  },
  'a NaN scale in the embedding': {
    change: file => tensor(file, 'token_embd.weight').data.set([0x01, 0x7e], 34 * 8),
    message: /token_embd.*row 1.*NaN/,
  },
  'a NaN norm weight': {
    change: file => tensor(file, 'blk.0.attn_norm.weight').data.set([0, 0, 0xc0, 0x7f], 4),
    message: /attn_norm.*NaN/,
  },
  'a factor of 0 for a matrix': {
    change: file => {
      Object.assign(file, tinyModel({ layers: 1, architecture: 'bitnet', scales: true }))
      tensor(file, 'blk.0.attn_q.scale').data.fill(0)
    },
    message: /attn_q\.scale' at offset \d+ is 0; a factor other than 0/,
  },
  'zero scales only': {
    change: file => tensor(file, 'blk.0.ffn_up.weight').data.fill(0),
    message: /ffn_up\.weight' at offset \d+ has zero scales only; at least one other is expected/,
  },
  'a zero scale behind an I2_S tensor': {
    change: file => {
      Object.assign(file, tinyModel({ layers: 1, linear: 'i2_s' }))
      tensor(file, 'blk.0.ffn_up.weight').data.subarray(-32).fill(0)
    },
    message: /ffn_up\.weight' at offset \d+ has the scale 0\.0+ behind its weights; a number other than zero/,
  },
  'an I2_S scale whose weights of +2 are infinite': {
    change: file => {
      Object.assign(file, tinyModel({ layers: 1, linear: 'i2_s' }))
      const { data } = tensor(file, 'blk.0.ffn_up.weight')
      new DataView(data.buffer, data.byteOffset).setFloat32(data.length - 32, 2e38, true)
    },
    message:
      /ffn_up\.weight' at offset \d+ has the scale [12]\d{38}\.\d+ behind its weights; .* double is finite/,
  },
  'a norm that is not F32': {
    change: file => {
      const norm = tensor(file, 'output_norm.weight')
      Object.assign(norm, { type: 1, data: norm.data.subarray(0, norm.data.length / 2) })
    },
    code: 'unsupported',
    message: /output_norm\.weight' at offset \d+ has type F16; F32 is expected/,
  },
  'another architecture': {
    change: file => (file.metadata['general.architecture'] = { type: 'string', value: 'mamba' }),
    code: 'unsupported',
    message: /'mamba'/,
  },
  'an architecture with control characters': {
    change: file => (file.metadata['general.architecture'] = { type: 'string', value: 'mam\0ba\n' }),
    code: 'unsupported',
    message: /'mam\\x00ba\\x0a'/,
  },
  'no architecture': {
    change: file => delete file.metadata['general.architecture'],
    message: /general\.architecture/,
  },
  'an architecture that is a number': {
    change: file => (file.metadata['general.architecture'] = { type: 'u32', value: 1 }),
    message: /string/,
  },
  'no layers': {
    change: file => (file.metadata['qwen3.block_count'] = { type: 'u32', value: 0 }),
    message: /block_count/,
  },
  'a billion layers': {
    change: file => (file.metadata['qwen3.block_count'] = { type: 'u32', value: 1e9 }),
    message: /block_count/,
  },
  'more layers than tensors': {
    change: file => (file.metadata['qwen3.block_count'] = { type: 'u32', value: 2 }),
    message: /'blk\.1\.attn_norm\.weight' is missing/,
  },
  'heads that do not share evenly': {
    change: file => (file.metadata['qwen3.attention.head_count_kv'] = { type: 'u32', value: 3 }),
    message: /4 heads cannot share 3/,
  },
  'a negative width': {
    change: file => (file.metadata['qwen3.embedding_length'] = { type: 'i32', value: -256 }),
    message: /embedding_length/,
  },
  'a NaN norm epsilon': {
    change: file =>
      (file.metadata['qwen3.attention.layer_norm_rms_epsilon'] = { type: 'f32', value: Number.NaN }),
    message: /epsilon/,
  },
  'an alignment of 0': {
    change: file => (file.metadata['general.alignment'] = { type: 'u32', value: 0 }),
    message: /alignment/,
  },
  'an alignment that is no power of two': {
    change: file => (file.metadata['general.alignment'] = { type: 'u32', value: 48 }),
    message: /'general\.alignment' at offset \d+ is 48; a power of two/,
  },
  'another tokenizer model': {
    change: file => (file.metadata['tokenizer.ggml.model'] = { type: 'string', value: 'bert' }),
    code: 'unsupported',
    message: /'bert'/,
  },
  'an unknown pre-tokenizer': {
    change: file => (file.metadata['tokenizer.ggml.pre'] = { type: 'string', value: '__proto__' }),
    code: 'unsupported',
    message: /'__proto__'/,
  },
  'a vocabulary shorter than the embedding': {
    change: file => (file.metadata['tokenizer.ggml.tokens'] = { type: 'strings', value: ['a', 'b'] }),
    message: /2 tokens/,
  },
  'an end token outside the vocabulary': {
    change: file => (file.metadata['tokenizer.ggml.eos_token_id'] = { type: 'u32', value: 70000 }),
    message: /eos_token_id.*70000/,
  },
  'a merge that makes no token': {
    change: file => (file.metadata['tokenizer.ggml.merges'] = { type: 'strings', value: ['z z'] }),
    message: /'zz'/,
  },
  'a merge that is not two tokens': {
    change: file => (file.metadata['tokenizer.ggml.merges'] = { type: 'strings', value: ['he'] }),
    message: /not two tokens/,
  },
}

describe('a hostile file', () => {
  test.each(Object.entries(HOSTILE))(
    'with %s is refused by name',
    async (_, { change, code = 'bad_gguf', message }) => {
      const error = await refusal(broken(change))

      expect(error.code, error.message).toBe(code)
      expect(error.message).toMatch(message)
      // Tensor or key, its place in the file (what is missing has none), and what was expected.
      expect(error.message).toMatch(/tensor|key|header|GGUF|heads|merge|pre-tokenizer/i)
      if (!/missing|heads|Merge|Pre-tokenizer/.test(error.message))
        expect(error.message).toMatch(/offset \d+/)
    },
  )

  test('with any bytes changed never crashes: it loads, or ends in a typed error', async () => {
    const sound = writeGguf(tinyModel({ layers: 1 })).bytes
    const random = new Random(77)
    for (let round = 0; round < 300; round++) {
      const bytes = sound.slice()
      const limit = round % 2 ? bytes.length : 8000 // half of them in the header
      for (let i = 0; i < 1 + (round % 5); i++) bytes[random.below(limit)] = random.below(256)
      try {
        await (await loadModel(temporaryFile(bytes), { threads: 1 })).close()
      } catch (error) {
        expect(error, `round ${round}`).toBeInstanceOf(EngineError)
        expect(ENGINE_ERROR_CODES).toContain((error as EngineError).code)
        expect((error as EngineError).code, `round ${round}: ${error}`).not.toBe('internal')
      }
    }
  })
})

describe('the corpus of the fuzzer', () => {
  const folder = new URL('../fuzz/corpus/loader/', import.meta.url)

  test('ends in a typed error or a model, file by file', async () => {
    const names = readdirSync(folder)
    expect(names.length).toBeGreaterThan(10)
    for (const name of names) {
      const loaded = loadModel(temporaryFile(readFileSync(new URL(name, folder))), { threads: 1 })
      const error = await loaded.then(
        model => model.close(),
        (reason: unknown) => reason,
      )
      if (error === undefined) continue
      expect(error, name).toBeInstanceOf(EngineError)
      expect(HEADER_CODES, `${name}: ${error}`).toContain((error as EngineError).code)
    }
  })
})

describe('a path', () => {
  test('that is missing, a folder, empty or holds a NUL is refused', async () => {
    await expect(loadModel('/nowhere/model.gguf')).rejects.toMatchObject({ code: 'not_found' })
    await expect(loadModel('/')).rejects.toMatchObject({ code: 'not_found' })
    await expect(loadModel('model\0.gguf')).rejects.toMatchObject({ code: 'not_found' })
    await expect(loadTokenizer(temporaryFile(new Uint8Array()))).rejects.toMatchObject({ code: 'bad_gguf' })
  })
})

describe('model information', () => {
  test('names every tensor with its place in the file', async () => {
    const path = writeTinyModel()
    const { info } = await loadTokenizer(path)

    expect(info).toMatchObject({
      architecture: 'qwen3',
      name: 'tiny',
      layers: 2,
      width: 256,
      ffnWidth: 384,
      heads: 4,
      contextLength: 512,
    })
    expect(info.tensors.length).toBe(24)
    for (const { rows, rowBytes, bytes, offset } of info.tensors) {
      expect(rows * rowBytes).toBe(bytes)
      expect(offset + bytes).toBeLessThanOrEqual(info.fileBytes)
    }
    const model = await loadModel(path)
    expect({ ...model.info, kernels: 'none', threads: 0 }).toEqual(info)
    await model.close()
  })
})
