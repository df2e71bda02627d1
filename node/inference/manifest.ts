import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ENGINE_MAJOR, readContent } from '@aria/engine'
import { type Hex, keccakHex, type Manifest, manifestOf, modelId, parseManifest } from '@aria/sdk/protocol'

export interface ModelManifest {
  id: Hex
  manifest: Manifest
}

export interface ManifestOptions {
  /** Directory that remembers manifests by the file's size and time, because hashing a large model takes long. */
  cacheDir?: string
}

/** A model's identity by content, from its GGUF file. */
export async function modelManifest(
  path: string,
  { cacheDir }: ManifestOptions = {},
): Promise<ModelManifest> {
  const cached = cacheDir === undefined ? undefined : await cacheFile(path, cacheDir)
  const known = cached === undefined ? undefined : await readCache(cached)
  if (known !== undefined) return { id: modelId(known), manifest: known }
  const manifest = manifestOf(await readContent(path))
  if (cached !== undefined) await writeCache(cached, manifest)
  return { id: modelId(manifest), manifest }
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
    return parseManifest(JSON.parse(await readFile(file, 'utf8')), file)
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
