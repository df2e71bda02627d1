import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { loadTokenizer, type ModelInfo } from '@aria/engine'

export interface ModelSummary {
  path: string
  name: string
  architecture: string
  /** All weights, the embedding included. */
  parameters: number
  /** The type of most weights, as GGUF names it. */
  weights: string
  fileBytes: number
  contextLength: number
  layers: number
  width: number
  vocabSize: number
}

export interface UnusableModel {
  path: string
  error: string
}

export function summarise(info: ModelInfo): ModelSummary {
  const countOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1)
  const byType = new Map<string, number>()
  for (const { type, shape } of info.tensors) byType.set(type, (byType.get(type) ?? 0) + countOf(shape))
  const [weights = '-'] = [...byType].sort(([, a], [, b]) => b - a).map(([type]) => type)
  const { path, name, architecture, fileBytes, contextLength, layers, width, vocabSize } = info
  const parameters = [...byType.values()].reduce((sum, count) => sum + count, 0)
  return {
    ...{ path, name, architecture, parameters, weights, fileBytes },
    ...{ contextLength, layers, width, vocabSize },
  }
}

/** A model that cannot be used is listed with the reason, never left out. */
export async function describeModel(path: string): Promise<ModelSummary | UnusableModel> {
  try {
    return summarise((await loadTokenizer(path)).info)
  } catch (thrown) {
    return { path, error: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

/** The GGUF files of a folder, in order of name; of a split model only the first part. None when it does not exist. */
export async function modelFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder))
      .filter(name => name.endsWith('.gguf') && !/-(?!00001)\d{5}-of-\d{5}\.gguf$/.test(name))
      .sort()
      .map(name => join(folder, name))
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return []
    throw thrown
  }
}
