import { open, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  ENGINE_MAJOR,
  loadModel,
  loadTokenizer,
  type Model,
  type ModelInfo,
  type TensorInfo,
} from '@aria/engine'
import { AriaError, type Hex, keccakHex, modelId, type TensorRows, weightsRoot } from '@aria/sdk/protocol'

export interface NamedModel {
  id: Hex
  name: string
}

/** The model that audits re-execute, and the id under which providers sign for it. */
export interface AuditModel extends NamedModel {
  engineMajor: number
  engine: Model
}

/** @throws EngineError when the file is no model, AriaError `unknown_model` when it ends too early. */
export async function loadAuditModel(path: string): Promise<AuditModel> {
  const engine = await loadModel(path)
  try {
    const { id, name } = await identify(path, engine.info)
    return { id, name, engineMajor: ENGINE_MAJOR, engine }
  } catch (thrown) {
    await engine.close()
    throw thrown
  }
}

/** A model's id and name without loading its weights. */
export async function nameModel(path: string): Promise<NamedModel> {
  const { info } = await loadTokenizer(path)
  return await identify(path, info)
}

/** The id by content, as providers compute it: weights by row, everything before them as one hash, the engine's rules. */
async function identify(path: string, info: ModelInfo): Promise<NamedModel> {
  const file = await open(path, 'r')
  try {
    const read = (start: number, byteCount: number) => readExactly(file, start, byteCount, path)
    const header = await read(0, Math.min(...info.tensors.map(tensor => tensor.offset)))
    const tensors: TensorRows[] = []
    for (const tensor of info.tensors) tensors.push(await rowsOf(tensor, read))
    const id = modelId({
      weightsRoot: weightsRoot(tensors),
      tokenizerHash: keccakHex(header),
      specHash: keccakHex(
        await readFile(fileURLToPath(new URL('./SPEC.md', import.meta.resolve('@aria/engine')))),
      ),
      engineMajor: ENGINE_MAJOR,
      layers: info.layers,
      dModel: info.width,
      dFfn: info.ffnWidth,
      nHeads: info.heads,
      vocab: info.vocabSize,
      maxContext: info.contextLength,
    })
    return { id, name: info.name }
  } finally {
    await file.close()
  }
}

async function rowsOf(
  { name, rowBytes, offset, bytes }: TensorInfo,
  read: (start: number, byteCount: number) => Promise<Uint8Array>,
): Promise<TensorRows> {
  return { name, rowBytes, data: await read(offset, bytes) }
}

async function readExactly(
  file: Awaited<ReturnType<typeof open>>,
  start: number,
  byteCount: number,
  path: string,
): Promise<Uint8Array> {
  const data = new Uint8Array(byteCount)
  const { bytesRead } = await file.read(data, 0, byteCount, start)
  if (bytesRead === byteCount) return data
  throw new AriaError('unknown_model', `${path} ends inside a tensor, after ${start + bytesRead} bytes.`, {
    facts: { path, expected: start + byteCount },
    hint: 'Point ARIA_MODEL at the whole model file.',
  })
}
