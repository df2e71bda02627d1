// Gets a fresh clone ready, then runs a script under the project's own Node:
//   node scripts/setup.mjs [--build] [script.ts] [arguments]
// Plain JavaScript on built-ins only: it must run under Node 20 before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const NODE_MIN = [22, 13]

/** Progress goes to stderr: stdout belongs to the script (`--json`). */
const say = text => process.stderr.write(`${text}\n`)

function fail(what, fix) {
  say(`\n  ${what}\n  ${fix}\n`)
  process.exit(1)
}

/** Runs one step. `quiet` keeps its output back and shows it only when the step fails. */
function run(command, args, { quiet = false, what, fix }) {
  // A step's own output is progress, so it goes to stderr.
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 2, 2]
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, stdio, env: childEnv() })
  if (!error && status === 0) return
  if (quiet) process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`)
  fail(`${what} failed (${error?.message ?? `exit code ${status}`}).`, fix)
}

function childEnv() {
  const bin = join(root, 'node_modules', '.bin')
  return { ...process.env, PATH: `${bin}:${process.env.PATH}`, HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true' }
}

// --- Dependencies -----------------------------------------------------------------------------------------

/** True when every package that this platform needs is installed at the locked version. */
function dependenciesCurrent() {
  const installedLock = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedLock)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedLock, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link) return true
    const have = installed[path]
    return have === undefined
      ? entry.optional || entry.peer || entry.devOptional
      : have.version === entry.version
  })
}

function installDependencies() {
  if (dependenciesCurrent()) return
  say('• Installing dependencies (npm ci; a minute or two the first time)')
  const npm = process.env.npm_execpath
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  run(command, [...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    what: 'npm ci',
    fix: 'Check the network connection to the npm registry, then run the same command again.',
  })
}

/** The project's own Node from npm where the platform has one; elsewhere the user's, when new enough. */
function projectNode() {
  const own = join(root, 'node_modules', '.bin', 'node')
  if (existsSync(own)) return own
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return process.execPath
  return fail(
    `Node ${process.versions.node} is too old, and npm has no newer one for ${process.platform}-${process.arch}.`,
    `Install Node ${NODE_MIN.join('.')} or newer (https://nodejs.org), then run the same command again.`,
  )
}

// --- Builds, each skipped while its inputs are unchanged -----------------------------------------------------

function* filesUnder(path) {
  if (statSync(path).isFile()) return yield path
  for (const name of readdirSync(path).sort()) {
    if (!name.startsWith('.') && name !== 'node_modules') yield* filesUnder(join(path, name))
  }
}

function hashOf(inputs) {
  const hash = createHash('sha256')
  for (const input of inputs) {
    for (const file of filesUnder(join(root, input)))
      hash.update(relative(root, file)).update(readFileSync(file))
  }
  return hash.digest('hex')
}

function buildOnce({ name, inputs, stamp, command, fix }) {
  const stampFile = join(root, stamp)
  const hash = hashOf(inputs)
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash) return
  say(`• ${name}`)
  run(command[0], command.slice(1), { quiet: true, what: name, fix })
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, hash)
}

function build(node) {
  run(node, [join(root, 'engine', 'scripts', 'build.mjs')], {
    what: 'Building the native engine',
    fix: 'The message above names what is missing.',
  })
  buildOnce({
    name: 'Compiling the contracts',
    inputs: ['contracts/src', 'contracts/hardhat.config.ts'],
    stamp: 'contracts/artifacts/.aria-stamp',
    command: [
      node,
      join(root, 'node_modules', 'hardhat', 'dist', 'src', 'cli.js'),
      '--config',
      join(root, 'contracts', 'hardhat.config.ts'),
      'build',
      '--quiet',
    ],
    fix: 'The compiler output above names file and line.',
  })
  buildOnce({
    name: 'Building the dashboard',
    inputs: ['web/src', 'web/index.html', 'web/vite.config.ts', 'indexer/api/types.ts'],
    stamp: 'web/dist/.aria-stamp',
    command: [
      node,
      join(root, 'node_modules', 'vite', 'bin', 'vite.js'),
      'build',
      join(root, 'web'),
      '--logLevel',
      'warn',
    ],
    fix: 'The output above names file and line.',
  })
}

// --- Run ------------------------------------------------------------------------------------------------------

function exec(node, script, args) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: 'inherit',
    cwd: root,
    env: childEnv(),
  })
  // The script cleans up and decides the exit code. Ctrl-C may reach it twice: from the terminal and from here.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
}

const args = process.argv.slice(2).filter(arg => arg !== '--build')
if (process.platform === 'win32')
  fail('ARIA needs Linux or macOS.', 'On Windows, use WSL 2 with Debian or Ubuntu.')
installDependencies()
const node = projectNode()
build(node)
const [script, ...rest] = args
if (script !== undefined) exec(node, join(root, script), rest)
