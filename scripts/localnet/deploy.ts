import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AriaError, type Deployment, parseDeployment } from '@aria/sdk/protocol'
import { local } from '../../contracts/params/local.ts'
import { roles } from './accounts.ts'
import { startChild } from './child.ts'

/** Seconds of epoch 0 left after deployment: stakes count from the next epoch, so the first one is kept short. */
const FIRST_EPOCH_SECONDS = 20
const EPOCH_SECONDS = local.timetable.epoch

/** Deploys the contracts, or verifies and reuses an earlier deployment on the same chain. */
export async function deploy(
  init: {
    root: string
    rpcUrl: string
    deploymentFile: string
    logDir: string
    dataDir: string
    env: Record<string, string | undefined>
  },
  signal: AbortSignal,
): Promise<Deployment> {
  const genesis = Math.floor(Date.now() / 1000) + FIRST_EPOCH_SECONDS - EPOCH_SECONDS
  const child = startChild(
    {
      name: 'deploy',
      command: process.execPath,
      args: [
        join(init.root, 'contracts', 'scripts', 'deploy.ts'),
        ...['--rpc', init.rpcUrl, '--network', 'local', '--out', init.deploymentFile],
        ...[
          '--state-dir',
          join(init.dataDir, 'ignition'),
          '--genesis',
          String(genesis),
          '--beacon-operator',
          roles.beacon().address,
        ],
      ],
      logFile: join(init.logDir, 'deploy.log'),
    },
    init.env,
  )
  const stopped = () => void child.stop()
  signal.addEventListener('abort', stopped, { once: true })
  const how = await child.exited
  signal.removeEventListener('abort', stopped)
  if (!existsSync(init.deploymentFile) || how !== 'exit code 0') {
    throw new AriaError('bad_deployment', `Deploying the contracts failed (${how}).`, {
      hint: `Its log: ${join(init.logDir, 'deploy.log')}; start over with --fresh.`,
    })
  }
  return parseDeployment(JSON.parse(readFileSync(init.deploymentFile, 'utf8')), init.deploymentFile)
}
