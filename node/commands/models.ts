import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { loadTokenizer } from '@aria/engine'
import { Command, InvalidArgumentError } from 'commander'
import { modelManifest } from '../inference/manifest.ts'
import {
  describeModel,
  type ModelSummary,
  modelFiles,
  summarise,
  type UnusableModel,
} from '../models/describe.ts'
import { download } from '../models/download.ts'
import { MODEL_DEFAULT } from './options.ts'
import { printJson } from './output.ts'
import { formatBytes, progressBar } from './progress.ts'
import { stopSignal } from './until-stopped.ts'

const FOLDER_DEFAULT = join(homedir(), '.aria', 'models')

interface Flags {
  folder: string
  json?: boolean
  sha256?: string
}

// Options that parent and subcommand share are found with the parent, wherever they stand: hence optsWithGlobals.
export function modelsCommand(): Command {
  const withCommon = (command: Command) =>
    command
      .option('--folder <dir>', 'where downloaded models are', FOLDER_DEFAULT)
      .option('--json', 'print one JSON object instead of text')
  const models = withCommon(new Command('models'))
    .description('List the models on this machine; show one; download one')
    .action((flags: Flags) => list(flags))
    .addHelpText(
      'after',
      `
Examples:
  $ aria models
  $ aria models show models/aria-1.gguf
  $ aria models get https://huggingface.co/<owner>/<model>/resolve/main/<file>.gguf`,
    )
  withCommon(models.command('list'))
    .description('The same as no subcommand')
    .action((_flags, command: Command) => list(command.optsWithGlobals()))
  withCommon(models.command('show <file>'))
    .description("A model's shape, tensor types and id on the market")
    .action((file: string, _flags, command: Command) => show(file, command.optsWithGlobals()))
  withCommon(models.command('get <url>'))
    .description('Download a GGUF file; run again to go on after a break')
    .option('--sha256 <hex>', 'refuse the file if its hash is another', hexHash)
    .action((url: string, _flags, command: Command) => get(url, command.optsWithGlobals()))
  return models
}

function hexHash(text: string): string {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('Give 64 hex digits.')
}

async function list({ folder, json }: Flags): Promise<void> {
  const files = [MODEL_DEFAULT, ...(await modelFiles(folder))]
  const models: (ModelSummary | UnusableModel)[] = []
  for (const file of files) models.push(await describeModel(file))
  if (json) {
    printJson({ folder, models })
    return
  }
  const rows = models.map(model =>
    'error' in model
      ? [shown(model.path), '', '', '', `cannot be used: ${model.error}`]
      : [
          shown(model.path),
          model.architecture,
          model.weights,
          formatCount(model.parameters),
          `${formatBytes(model.fileBytes)}, context ${model.contextLength}`,
        ],
  )
  process.stdout.write(table([['FILE', 'ARCHITECTURE', 'WEIGHTS', 'PARAMETERS', 'SIZE'], ...rows]))
  if (models.length === 1)
    process.stderr.write(`\nMore models: aria models get <url> puts them into ${folder}\n`)
}

/** As short as it can be typed from here. */
function shown(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}

async function show(file: string, { json }: Flags): Promise<void> {
  const { info } = await loadTokenizer(file)
  const model = summarise(info)
  const { id } = await modelManifest(file)
  const types = new Map<string, { tensors: number; bytes: number }>()
  for (const { type, bytes } of info.tensors) {
    const entry = types.get(type) ?? { tensors: 0, bytes: 0 }
    types.set(type, { tensors: entry.tensors + 1, bytes: entry.bytes + bytes })
  }
  if (json) {
    printJson({ ...model, id, tensors: Object.fromEntries(types) })
    return
  }
  const rows = [
    ['name', model.name],
    ['file', `${model.path} (${formatBytes(model.fileBytes)})`],
    ['architecture', `${model.architecture}, ${model.layers} layers, width ${model.width}`],
    ['parameters', formatCount(model.parameters)],
    ['context', `${model.contextLength} tokens`],
    ['vocabulary', `${model.vocabSize} tokens`],
    ...[...types].map(([type, { tensors, bytes }]) => [
      type,
      `${tensors} ${tensors === 1 ? 'tensor' : 'tensors'}, ${formatBytes(bytes)}`,
    ]),
    ['model id', id],
  ]
  process.stdout.write(table(rows))
}

async function get(url: string, { folder, json, sha256 }: Flags): Promise<void> {
  const bar = progressBar('Downloading')
  const got = await download({
    ...{ url, folder, sha256, signal: stopSignal() },
    onProgress: (done, total) =>
      bar.show(
        total === undefined ? 0 : done / total,
        `${formatBytes(done)} of ${total === undefined ? '?' : formatBytes(total)}`,
      ),
  }).finally(() => bar.clear())
  const model = await describeModel(got.path)
  if (json) printJson({ ...got, model })
  else {
    process.stdout.write(`${got.path}  ${formatBytes(got.bytes)}  sha256 ${got.sha256}\n`)
    if ('error' in model) process.stdout.write(`It cannot be used: ${model.error}\n`)
    else process.stdout.write(`Try it: aria run --model ${got.path} "Hello"\n`)
  }
  if ('error' in model) process.exitCode = 1
}

export function formatCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toPrecision(3)} B`
  if (count >= 1e6) return `${(count / 1e6).toPrecision(3)} M`
  return `${Math.round(count / 1e3)} k`
}

/** Columns as wide as their widest cell; the last one is free. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_cell, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows
    .map(
      row =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
