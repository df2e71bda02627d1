import { type FileHandle, open, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { EngineError } from './error.ts'
import { type ModelInfo, modelInfo, type TensorInfo } from './info.ts'
import { withGguf } from './model.ts'
import { ENGINE_MAJOR } from './version.ts'

/** Everything that decides a model's answers, as bytes: whoever hashes it identifies the model. */
export interface ModelContent {
  info: ModelInfo
  engineMajor: number
  /** The engine's normative specification. */
  specification: Uint8Array
  /**
   * The file before its tensor data: vocabulary, merges, chat template, hyper-parameters. Of a split model, and of
   * a file with `split.*` keys, the header of the one file that merging gives: the model is the same however it is cut.
   */
  header: Uint8Array
  /** In file order, the parts of a split model one after another, in the bytes that the files store. */
  tensors: { name: string; rowBytes: number; data: Uint8Array }[]
}

/** Reads a model's file, or all of its parts, for identification. @throws EngineError `bad_gguf` when one ends too early. */
export async function readContent(path: string): Promise<ModelContent> {
  const { info, header } = await withGguf(path, undefined, async gguf => ({
    info: modelInfo(path, gguf, { kernels: 'none', threads: 0 }),
    header: gguf.header(),
  }))
  const specification = await readFile(fileURLToPath(new URL('../SPEC.md', import.meta.url)))
  const tensors: ModelContent['tensors'] = []
  for (const [part, file] of info.files.entries()) {
    const own = info.tensors.filter(tensor => tensor.part === part)
    tensors.push(...(await readTensors(file, own)))
  }
  return { info, engineMajor: ENGINE_MAJOR, specification, header, tensors }
}

async function readTensors(path: string, tensors: readonly TensorInfo[]): Promise<ModelContent['tensors']> {
  const file = await open(path, 'r')
  try {
    const read: ModelContent['tensors'] = []
    for (const { name, rowBytes, offset, bytes } of tensors)
      read.push({ name, rowBytes, data: await readExactly(file, offset, bytes, path) })
    return read
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
