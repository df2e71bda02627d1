import { mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ENGINE_MAJOR, loadTokenizer, type ModelInfo, type TensorInfo } from '@aria/engine'
import {
  AriaError,
  type Hex,
  keccakHex,
  type Manifest,
  modelId,
  type TensorRows,
  weightsRoot,
} from '@aria/sdk/protocol'

export interface ModelManifest {
  id: Hex
  manifest: Manifest
}

export interface ManifestOptions {
  /** Directory that remembers manifests by the file's size and time, because hashing a large model takes long. */
  cacheDir?: string
}

/**
 * A model's identity by content, from its GGUF file. `tokenizerHash` covers every byte before the tensor data:
 * vocabulary, merges, chat template and the hyper-parameters that the manifest has no field for (RoPE base, epsilon),
 * so two files with one id give the same bits.
 */
export async function modelManifest(
  path: string,
  { cacheDir }: ManifestOptions = {},
): Promise<ModelManifest> {
  const cached = cacheDir === undefined ? undefined : await cacheFile(path, cacheDir)
  const known = cached === undefined ? undefined : await readCache(cached)
  if (known !== undefined) return { id: modelId(known), manifest: known }
  const { info } = await loadTokenizer(path)
  const manifest = await describe(path, info)
  if (cached !== undefined) await writeCache(cached, manifest)
  return { id: modelId(manifest), manifest }
}

async function describe(path: string, info: ModelInfo): Promise<Manifest> {
  const file = await open(path, 'r')
  try {
    const dataStart = Math.min(...info.tensors.map(tensor => tensor.offset))
    const header = await readBytes(file, 0, dataStart, path)
    const tensors: TensorRows[] = []
    for (const tensor of info.tensors) tensors.push(await readTensor(file, tensor, path))
    return {
      weightsRoot: weightsRoot(tensors),
      tokenizerHash: keccakHex(header),
      specHash: await specHash(),
      engineMajor: ENGINE_MAJOR,
      layers: info.layers,
      dModel: info.width,
      dFfn: info.ffnWidth,
      nHeads: info.heads,
      vocab: info.vocabSize,
      maxContext: info.contextLength,
    }
  } finally {
    await file.close()
  }
}

async function readTensor(
  file: Awaited<ReturnType<typeof open>>,
  { name, rowBytes, offset, bytes }: TensorInfo,
  path: string,
): Promise<TensorRows> {
  return { name, rowBytes, data: await readBytes(file, offset, bytes, path) }
}

async function readBytes(
  file: Awaited<ReturnType<typeof open>>,
  start: number,
  byteCount: number,
  path: string,
): Promise<Uint8Array> {
  const data = new Uint8Array(byteCount)
  const { bytesRead } = await file.read(data, 0, byteCount, start)
  if (bytesRead === byteCount) return data
  throw new AriaError('unknown_model', `${path} ends after ${start + bytesRead} bytes, inside a tensor.`, {
    facts: { path, expected: start + byteCount },
    hint: 'Download the model file again.',
  })
}

/** The engine's normative specification is part of what a model means. */
async function specHash(): Promise<Hex> {
  const spec = new URL('./SPEC.md', import.meta.resolve('@aria/engine'))
  return keccakHex(await readFile(fileURLToPath(spec)))
}

async function cacheFile(path: string, cacheDir: string): Promise<string> {
  const { size, mtimeMs } = await stat(path)
  const key = keccakHex(
    new TextEncoder().encode(`${path}:${size}:${mtimeMs}:${ENGINE_MAJOR}:${await specHash()}`),
  )
  return join(cacheDir, `manifest-${key.slice(2, 18)}.json`)
}

async function readCache(file: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Manifest
  } catch {
    return undefined // Absent or damaged: compute it again.
  }
}

async function writeCache(file: string, manifest: Manifest): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true })
  const draft = `${file}.${process.pid}`
  await writeFile(draft, JSON.stringify(manifest))
  await rename(draft, file)
}
