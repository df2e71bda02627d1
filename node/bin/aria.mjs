#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it: when the running one is too old for the program (built-in type
// stripping and SQLite), the same command runs again under the Node that came with the dependencies.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isNewEnough = (major > 22 || (major === 22 && minor >= 13)) && Boolean(process.features.typescript)

if (isNewEnough) {
  hideExperimentalWarnings()
  await import('../main.ts')
} else runWithBundledNode()

/** Node still calls its built-in SQLite experimental; whoever runs this command cannot act on that. */
function hideExperimentalWarnings() {
  process.removeAllListeners('warning')
  process.on('warning', warning => {
    if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.stack ?? warning}\n`)
  })
}

function runWithBundledNode() {
  const node = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
  if (process.env.ARIA_BUNDLED_NODE === '1' || !existsSync(node)) {
    process.stderr.write(
      `aria needs Node 22.18 or newer; this is ${process.versions.node}.\nRun "npm ci" in the repository: it brings one along.\n`,
    )
    process.exit(1)
  }
  // The channel ends when this process dies, however it dies; the program then stops too and leaves no orphan.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ARIA_BUNDLED_NODE: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  if (process.channel) {
    child.on('message', message => process.send?.(message))
    process.on('message', message => child.connected && child.send(message))
    process.on('disconnect', () => child.connected && child.disconnect())
  }
  child.on('error', error => {
    process.stderr.write(`Cannot run ${node}: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}
