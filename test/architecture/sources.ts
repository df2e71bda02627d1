import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const IGNORED = new Set([
  'node_modules',
  'dist',
  'build',
  'artifacts',
  'cache',
  'coverage',
  '.git',
  '.cache',
  '.aria',
  'ignition',
])

export interface Source {
  /** Path from the root, with forward slashes. */
  path: string
  text: string
}

function* walk(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    if (IGNORED.has(name)) continue
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* walk(path)
    else yield path
  }
}

export function sources(folder: string, extension: RegExp): Source[] {
  return [...walk(join(ROOT, folder))]
    .filter(path => extension.test(path))
    .map(path => ({ path: relative(ROOT, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))
}

/** What a TypeScript file imports, as a path from the root ("sdk/protocol/index.ts") or a package name. */
export function imports({ path, text }: Source): { target: string; typeOnly: boolean }[] {
  const found = text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|import\('([^']+)'\)/gm,
  )
  return [...found].map(([, type, from, bare, dynamic]) => {
    const target = from ?? bare ?? dynamic ?? ''
    const resolved = target.startsWith('.')
      ? normalize(join(dirname(path), target))
          .split(sep)
          .join('/')
      : target
    return { target: resolved.replace(/^@aria\//, ''), typeOnly: type !== undefined }
  })
}
