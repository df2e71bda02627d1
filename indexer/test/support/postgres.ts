import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './chain.ts'

const DEBIAN_ROOT = '/usr/lib/postgresql'

/** Where a PostgreSQL server's programs are, if this machine has one. */
export function postgresBinaries(): string | undefined {
  if (!existsSync(DEBIAN_ROOT)) return undefined
  const [newest] = readdirSync(DEBIAN_ROOT).sort((a, b) => Number(b) - Number(a))
  const bin = join(DEBIAN_ROOT, newest ?? '', 'bin')
  return existsSync(join(bin, 'initdb')) ? bin : undefined
}

/** A throw-away PostgreSQL server. It refuses to run as root, so root runs it as `postgres`. */
export async function startPostgres(bin: string): Promise<{ url: string; stop(): void }> {
  const directory = mkdtempSync(join(tmpdir(), 'aria-pg-'))
  const isRoot = process.getuid?.() === 0
  const run = (program: string, ...args: string[]) => {
    const [file, ...rest] = isRoot
      ? ['runuser', '-u', 'postgres', '--', program, ...args]
      : [program, ...args]
    execFileSync(file!, rest, { stdio: 'ignore' })
  }
  if (isRoot) {
    chmodSync(directory, 0o755)
    execFileSync('install', ['-d', '-o', 'postgres', join(directory, 'data'), join(directory, 'socket')])
  }
  const [data, socket] = [join(directory, 'data'), join(directory, 'socket')]
  if (!isRoot) execFileSync('mkdir', [socket])
  const port = await freePort()
  run(
    join(bin, 'initdb'),
    '-D',
    data,
    '-A',
    'trust',
    '-U',
    'postgres',
    '--no-sync',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  )
  const options = `-p ${port} -k ${socket} -c listen_addresses=127.0.0.1 -c fsync=off`
  run(join(bin, 'pg_ctl'), '-D', data, '-w', '-l', join(socket, 'log'), '-o', options, 'start')
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: () => {
      run(join(bin, 'pg_ctl'), '-D', data, '-m', 'fast', 'stop')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
