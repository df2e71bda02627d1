// docs/model/: the page of the built-in model, its data and its plots, made from one run of eval-model.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Report } from '../checks.ts'
import type { HistoryEntry, Measured, Results } from './goals.ts'
import { curves } from './plot.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'model')

const TITLES: Record<string, string> = {
  twin: 'full-precision twin',
  binary: '±1 (Q1_0)',
  ternary: 'ternary (TQ2_0)',
  naive: 'twin, signs taken afterwards',
  shipped: 'shipped file',
}
const CHANGES: Record<string, string> = {
  asShipped: 'as shipped: weights and int8 activations scaled per group of 128',
  activationsFp32: 'activations not rounded at all',
  activationsPer32: 'one activation scale per 32 values',
  activationsPerRow: 'one activation scale per token (BitNet)',
  activationsClipped90: 'outliers cut at 90 % of the largest value of a group',
  activationsClipped50: 'outliers cut at 50 %',
  weightScalePerRow: 'one weight scale per output row',
  weightScalePerMatrix: 'one weight scale per matrix',
}

export function writeReport(answer: Report, results: Results): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'model.json'), `${JSON.stringify({ ...answer, ...results }, undefined, 2)}\n`)
  const histories = historiesOf(results)
  if (histories.length > 0) {
    writeFileSync(
      join(folder, 'loss.svg'),
      curves(histories.map(([name, points]) => line(name, points, 'loss'))),
    )
    writeFileSync(
      join(folder, 'held-out.svg'),
      curves(histories.map(([name, points]) => line(name, points, 'heldOut'))),
    )
  }
  writeFileSync(join(folder, 'model.md'), page(answer, results, histories.length > 0))
}

function historiesOf({ models }: Results): (readonly [string, HistoryEntry[]])[] {
  return (['twin', 'binary', 'ternary'] as const).flatMap(name => {
    const history = models[name]?.record?.history
    return history === undefined || history.length < 2 ? [] : [[name, history] as const]
  })
}

const line = (name: string, points: readonly HistoryEntry[], key: 'loss' | 'heldOut') => ({
  label: TITLES[name] ?? name,
  points: points.map(point => [point.tokens / 1e6, point[key]] as const),
})

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows]
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n')
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

function page(answer: Report, { count, models }: Results, plotted: boolean): string {
  const names = Object.keys(models)
  const each = (show: (one: Measured) => string): string[] => names.map(name => show(models[name]!))
  const first = models[names[0]!]
  const head = ['', ...names.map(name => TITLES[name] ?? name)]
  const skills = Object.keys(first?.accuracy ?? {})
  const ablation = models['binary']?.ablation
  const parts = [
    '# The built-in model, measured',
    '<!-- Written by `npm run eval-model -- --report`; do not edit by hand. -->',
    `${count * 2} held-out questions per skill: half in wordings, half about things (numbers, names, words, texts) that training never saw ([how the corpus is split](../../scripts/train/corpus/draw.py)). Answers are greedy, from ARIA's engine. Machine: ${answer.machine}, commit ${answer.commit}.`,
    '## Side by side',
    table(head, [
      ['held-out bits per byte', ...each(one => one.bitsPerByte.heldOut.toFixed(4))],
      ['— new wordings', ...each(one => one.bitsPerByte.template.toFixed(4))],
      ['— new things', ...each(one => one.bitsPerByte.fact.toFixed(4))],
      ['— as in training', ...each(one => one.bitsPerByte.train.toFixed(4))],
      ['mean accuracy, held out', ...each(one => percent(one.meanAccuracy))],
      ...skills.map(skill => [
        `— ${skill}`,
        ...each(one => percent(one.heldOutAccuracy[skill] ?? Number.NaN)),
      ]),
      ['repeated runs of four words', ...each(one => percent(one.repetition))],
      ['tokens per second, 2 threads', ...each(one => one.tokensPerSecond.toFixed(0))],
      ['file', ...each(one => `${(one.bytes / 1e6).toFixed(2)} MB`)],
    ]),
    '## Memorised or learned',
    'Accuracy on the kind of question that training saw, on new wordings, and on new things:',
    table(
      ['', ...names.map(name => TITLES[name] ?? name)],
      skills.map(skill => [
        skill,
        ...each(one =>
          ['train', 'template', 'fact']
            .map(part => percent(one.accuracy[skill]![part as 'train']))
            .join(' / '),
        ),
      ]),
    ),
    ...(ablation === undefined
      ? []
      : [
          '## Scales',
          'Held-out bits per byte of the trained ±1 model when one thing is computed otherwise:',
          table(
            ['', 'bits per byte'],
            Object.entries(ablation).map(([change, value]) => [CHANGES[change] ?? change, value.toFixed(4)]),
          ),
        ]),
    ...(plotted
      ? [
          '## Training',
          'Loss on the training stream, nats per answer token, over millions of tokens:',
          '![training loss](loss.svg)',
          'The same on held-out conversations, in the arithmetic of the exported file:',
          '![held-out loss](held-out.svg)',
        ]
      : []),
    '## Goals',
    table(
      ['', 'value', 'goal', ''],
      answer.checks
        .filter(({ goal }) => goal !== null)
        .map(({ name, value, goal, ok }) => [name, `${value}`, goal ?? '', ok ? 'met' : 'missed']),
    ),
  ]
  return `${parts.join('\n\n')}\n`
}
