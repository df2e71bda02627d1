import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AriaError } from '@aria/sdk/protocol'

const run = promisify(execFile)
const SOURCE = fileURLToPath(new URL('switch.cpp', import.meta.url))
const PREFIX = 'aria-chaos-'
const NAMESPACE = /^aria-chaos-(\d+)-\d+$/
const HOST_FIRST = 11
const STATS_TIMEOUT_MS = 5_000

/** What happens to packets between two nodes; a part that is absent is as it should be. */
export interface LinkRule {
  delayMs?: number
  jitterMs?: number
  lossPpm?: number
  duplicatePpm?: number
  reorderPpm?: number
}
export const CUT: LinkRule = { lossPpm: 1_000_000 }

export interface PacketCounts {
  carried: number
  dropped: number
  delayed: number
  duplicated: number
  reordered: number
}

/** Where the nodes live, and what lies between them. */
export interface Network {
  /** The launcher's own address in it. */
  hub: string
  address(node: number): string
  /** The port that a node listens on. */
  port(node: number): number
  /** A command line that runs inside the node's part of the network, as the same process. */
  inside(node: number, command: string, args: readonly string[]): { command: string; args: string[] }
  /** One direction. Undefined where packets cannot be reached. */
  rule?: (from: number, to: number, rule: LinkRule) => void
  counts(): Promise<PacketCounts>
  close(): Promise<void>
}

const NOTHING: PacketCounts = { carried: 0, dropped: 0, delayed: 0, duplicated: 0, reordered: 0 }

/** Everything on 127.0.0.1: for people who may not create namespaces; links have no faults then. */
export function loopback(portBase: number): Network {
  return {
    hub: '127.0.0.1',
    address: () => '127.0.0.1',
    port: node => portBase + node,
    inside: (_, command, args) => ({ command, args: [...args] }),
    counts: async () => NOTHING,
    close: async () => {},
  }
}

/** Why this machine cannot have namespaces with a switch between them; undefined when it can. */
export function namespacesMissing(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces exist on Linux only'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun'
  try {
    execFileSync('ip', ['netns', 'list'], { stdio: 'ignore' })
    execFileSync('c++', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'the commands ip (package iproute2) and c++ are needed'
  }
}

/** A namespace per node, and our switch between them. */
export async function namespaces(count: number, seed: number, cacheDir: string): Promise<Network> {
  await removeLeftovers()
  const subnet = `10.${64 + (process.pid % 64)}.${Math.floor(process.pid / 64) % 256}`
  const device = (node: number) => `ac${process.pid}.${node}`
  const namespace = (node: number) => `${PREFIX}${process.pid}-${node}`
  const address = (node: number) => `${subnet}.${HOST_FIRST + node - 1}`
  const nodes = Array.from({ length: count }, (_, index) => index + 1)
  const child = await startSwitch(await compiled(cacheDir), [
    ...[device(0).slice(0, -1), subnet],
    ...[String(count), String(seed)],
  ])
  const close = async () => {
    for (const node of nodes) await run('ip', ['netns', 'del', namespace(node)]).catch(() => {})
    await child.stop()
  }
  try {
    await ip(['addr', 'add', `${subnet}.1/24`, 'dev', device(0)])
    await ip(['link', 'set', device(0), 'up'])
    for (const node of nodes) {
      await ip(['netns', 'add', namespace(node)])
      await ip(['link', 'set', device(node), 'netns', namespace(node)])
      await ip(['-n', namespace(node), 'addr', 'add', `${address(node)}/24`, 'dev', device(node)])
      await ip(['-n', namespace(node), 'link', 'set', device(node), 'up'])
      await ip(['-n', namespace(node), 'link', 'set', 'lo', 'up'])
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
  return {
    hub: `${subnet}.1`,
    address,
    port: () => 4001,
    inside: (node, command, args) => ({
      command: 'ip',
      args: ['netns', 'exec', namespace(node), command, ...args],
    }),
    rule(from, to, { delayMs = 0, jitterMs = 0, lossPpm = 0, duplicatePpm = 0, reorderPpm = 0 }) {
      child.say(
        `rule ${from} ${to} ${delayMs * 1000} ${jitterMs * 1000} ${lossPpm} ${duplicatePpm} ${reorderPpm}`,
      )
    },
    counts: child.counts,
    close,
  }
}

async function ip(args: string[]): Promise<void> {
  try {
    await run('ip', args)
  } catch (cause) {
    throw new AriaError('bad_config', `"ip ${args.join(' ')}" failed: ${(cause as Error).message.trim()}`, {
      hint: 'Run as root, or without namespaces: --network loopback.',
      cause,
    })
  }
}

/** Compiled once per content. */
async function compiled(cacheDir: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16)
  const binary = join(cacheDir, `switch-${hash}`)
  if (existsSync(binary)) return binary
  mkdirSync(cacheDir, { recursive: true })
  const fresh = `${binary}.${process.pid}`
  await run('c++', ['-std=c++20', '-O2', '-Wall', '-o', fresh, SOURCE])
  renameSync(fresh, binary)
  return binary
}

interface Switch {
  say(line: string): void
  counts(): Promise<PacketCounts>
  stop(): Promise<void>
}

async function startSwitch(binary: string, args: string[]): Promise<Switch> {
  const child: ChildProcess = spawn(binary, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const waiting: ((line: string) => void)[] = []
  createInterface({ input: child.stdout! }).on('line', line => waiting.shift()?.(line))
  child.stdin!.on('error', () => {}) // It ended: then the nodes are cut off, and the run says so.
  const line = () =>
    Promise.race([
      new Promise<string>(resolve => waiting.push(resolve)),
      exited.then(() => {
        throw new AriaError('internal', 'The switch between the namespaces ended.')
      }),
    ])
  await line()
  return {
    say: text => void child.stdin!.write(`${text}\n`),
    async counts() {
      child.stdin!.write('stats\n')
      const late = new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error('The switch does not answer.')), STATS_TIMEOUT_MS).unref(),
      )
      const [carried, dropped, delayed, duplicated, reordered] = (await Promise.race([line(), late]))
        .split(' ')
        .slice(1)
        .map(Number)
      return {
        ...{ carried: carried ?? 0, dropped: dropped ?? 0, delayed: delayed ?? 0 },
        ...{ duplicated: duplicated ?? 0, reordered: reordered ?? 0 },
      }
    },
    async stop() {
      child.stdin!.end()
      await exited
    },
  }
}

/** Namespaces of launchers that were killed before they could clean up. */
async function removeLeftovers(): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'list'])
  for (const name of stdout.split('\n').map(line => line.split(' ')[0]!)) {
    const owner = NAMESPACE.exec(name)?.[1]
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) await run('ip', ['netns', 'del', name])
  }
}
