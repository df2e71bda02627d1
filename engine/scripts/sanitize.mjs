// Builds the engine and its stress driver (test/native/stress.cpp) with a sanitizer and runs it:
//   node scripts/sanitize.mjs thread|address [--seconds N] [--seed N] [--json]
// Any report of the sanitizer, any answer that differs and any page that leaks fails it.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { atLeast, exactly, measured, report } from '../../scripts/checks.ts'
import { writeTinyModel } from '../test/support/tiny-model.ts'
import { build, findCompiler, headersHash, kernelFlags, root, run, sourcesOf } from './compile.mjs'

const KINDS = {
  thread: ['-fsanitize=thread'],
  address: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
}
const FLAGS = [
  '-std=c++20',
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-pthread',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-w', // the build itself warns
]
const SECONDS_MAX = 3600

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const kind = positionals[0]
const seconds = Number(values.seconds)
if (!(kind in KINDS) || !(seconds > 0 && seconds <= SECONDS_MAX) || !/^\d+$/.test(values.seed)) {
  process.stderr.write(
    `usage: node scripts/sanitize.mjs ${Object.keys(KINDS).join('|')} [--seconds 1..${SECONDS_MAX}] [--seed N] [--json]\n`,
  )
  process.exit(2)
}

async function buildStress() {
  const compiler = await findCompiler(['g++'])
  const out = join(root, 'build', `sanitize-${kind}`)
  const target = join(out, 'stress')
  const sources = [...sourcesOf(process.arch, ['src']), join(root, 'test', 'native', 'stress.cpp')]
  const flags = [...FLAGS, ...KINDS[kind]]
  await build({
    ...{ compiler, out, target, headers: headersHash(['src']) },
    units: sources.map(path => ({ path, flags: [...flags, ...kernelFlags(process.arch, path)] })),
    link: (objects, file) => run(compiler.name, ['-pthread', ...KINDS[kind], ...objects, '-o', file]),
  })
  return target
}

// One that goes on with tokens in order, so that some drafts are what it draws.
const MODEL = writeTinyModel({ layers: 1, embedding: 'f16', tied: false, peaked: true, gain: 1 / 4 })

function stress(target) {
  return new Promise(resolve => {
    const child = spawn(target, [MODEL, String(seconds), values.seed], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', data => {
      out += data
    })
    child.on('close', code => resolve({ code, counts: code === 0 ? JSON.parse(out) : {} }))
  })
}

const { code, counts } = await stress(await buildStress())
const name = kind === 'thread' ? 'tsan' : 'asan'
const result = report([
  exactly(`${name}.exit`, code ?? -1, 0, 'exit status'),
  atLeast(`${name}.answers`, counts.answers ?? 0, 1, 'answers equal to those computed alone'),
  atLeast(`${name}.draftsKept`, counts.draftsKept ?? 0, 1, 'drafts'),
  ...[
    'cancelled',
    'busy',
    'restored',
    'replayed',
    'evicted',
    'sharedPositions',
    'steps',
    'rows',
    'drafted',
  ].map(key => measured(`${name}.${key}`, counts[key] ?? Number.NaN, 'count')),
])
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else
  for (const check of result.checks)
    process.stdout.write(`${check.ok ? 'ok  ' : 'FAIL'} ${check.name} ${check.value} ${check.unit}\n`)
process.exitCode = result.ok ? 0 : 1
