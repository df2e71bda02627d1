// Runs a foreign program (the chain) and stops it when the launcher goes away, however it goes:
//   node guard.ts COMMAND [ARGUMENTS]     with an IPC channel to the launcher
import { spawn } from 'node:child_process'

const [command, ...args] = process.argv.slice(2)
const child = spawn(command!, args, { stdio: 'inherit' })

const stop = () => child.kill('SIGTERM')
process.on('disconnect', stop)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)

child.on('error', error => {
  process.stderr.write(`${command}: ${error.message}\n`)
  process.exit(127)
})
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' ? 0 : 1)))
