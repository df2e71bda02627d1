import { type FileHandle, open, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { EngineError } from './error.ts'
import type { ModelInfo } from './info.ts'
import { loadTokenizer } from './model.ts'
import { ENGINE_MAJOR } from './version.ts'

/** Everything that decides a model's answers, as bytes: whoever hashes it identifies the model. */
export interface ModelContent {
  info: ModelInfo
  engineMajor: number
  /** The engine's normative specification. */
  specification: Uint8Array
  /** The file before its tensor data: vocabulary, merges, chat template, hyper-parameters. */
  header: Uint8Array
  /** In file order, in the bytes that the file stores. */
  tensors: { name: string; rowBytes: number; data: Uint8Array }[]
}

/** Reads a model file for identification. @throws EngineError `bad_gguf` when the file ends too early. */
export async function readContent(path: string): Promise<ModelContent> {
  const { info } = await loadTokenizer(path)
  const specification = await readFile(fileURLToPath(new URL('../SPEC.md', import.meta.url)))
  const file = await open(path, 'r')
  try {
    const header = await readExactly(file, 0, Math.min(...info.tensors.map(({ offset }) => offset)), path)
    const tensors: ModelContent['tensors'] = []
    for (const { name, rowBytes, offset, bytes } of info.tensors) {
      tensors.push({ name, rowBytes, data: await readExactly(file, offset, bytes, path) })
    }
    return { info, engineMajor: ENGINE_MAJOR, specification, header, tensors }
  } finally {
    await file.close()
  }
}

async function readExactly(
  file: FileHandle,
  start: number,
  byteCount: number,
  path: string,
): Promise<Uint8Array> {
  const data = new Uint8Array(byteCount)
  const { bytesRead } = await file.read(data, 0, byteCount, start)
  if (bytesRead === byteCount) return data
  throw new EngineError(
    'bad_gguf',
    `${path} ends after ${start + bytesRead} bytes, expected ${start + byteCount}.`,
  )
}
