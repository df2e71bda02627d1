// The Python that trains: found, checked for what it needs, and run.
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = dirname(fileURLToPath(import.meta.url))
/** Debian's own comes second: another Python may stand before it in the path, without its packages. */
const CANDIDATES = ['python3', '/usr/bin/python3']
const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const NEEDED = 'import sys, torch, numpy; assert sys.version_info >= (3, 10)'

export class PythonMissingError extends Error {
  readonly code = 'python_missing'
  constructor() {
    super(
      'Training and evaluation need Python 3.10 or newer with PyTorch and NumPy, and none was found.\n' +
        'On Debian or Ubuntu: sudo apt-get install --no-install-recommends python3-torch python3-numpy libopenblas0-pthread\n' +
        'Elsewhere: pip install torch numpy',
    )
  }
}

/** @throws PythonMissingError */
export function findPython(): string {
  const found = CANDIDATES.find(name => spawnSync(name, ['-c', NEEDED], { stdio: 'ignore' }).status === 0)
  if (found === undefined) throw new PythonMissingError()
  return found
}

/** Runs a script of this folder in the foreground; resolves to its exit code. Ctrl-C reaches it, and it saves. */
export function runScript(python: string, script: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [join(folder, script), ...args], { stdio: ['inherit', 2, 2] })
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
    for (const signal of SIGNALS) process.on(signal, pass)
    const release = (): void => {
      for (const signal of SIGNALS) process.off(signal, pass) // from here on they end this process again
    }
    child.on('error', error => {
      release()
      reject(error)
    })
    child.on('exit', (code, signal) => {
      release()
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}

/** What a script of this folder prints as JSON. @throws Error when it fails */
export function askScript(
  python: string,
  script: string,
  args: readonly string[],
  input = '',
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [join(folder, script), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    const printed: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => printed.push(part))
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(printed).toString()))
      else reject(new Error(`${script} ${args.join(' ')} ended with exit code ${code}.`))
    })
    child.stdin.end(input)
  })
}
