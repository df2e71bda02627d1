import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import hre from 'hardhat'
import { getContractAddress, isAddressEqual } from 'viem'
import { deploymentOrder } from '../../ignition/modules/aria.ts'
import { deploy } from '../../scripts/deploy.ts'
import { dryRun, totalGas } from '../../scripts/dry-run.ts'

/** Transactions that reach the chain before the process dies. */
const SENT = 4

async function startChain() {
  const server = await hre.network.createServer('default', '127.0.0.1')
  const { address, port } = await server.listen()
  const dir = await mkdtemp(join(tmpdir(), 'aria-resume-'))
  const stop = async () => {
    await server.close()
    await rm(dir, { recursive: true })
  }
  return { rpcUrl: `http://${address}:${port}`, dir, stop }
}

for (const reaches of [false, true]) {
  const which = reaches ? 'after its transaction left' : 'before its transaction left'
  test(`a deployment that was killed just ${which} continues where it stopped`, async () => {
    const chain = await startChain()
    try {
      const out = join(chain.dir, 'deployment.json')
      await deployUntilKilled(chain.rpcUrl, out, reaches)
      assert.ok(!existsSync(out))

      const deployment = await deploy({ rpcUrl: chain.rpcUrl, network: 'local', out })
      const { deployer } = deployment.roles
      for (const [nonce, address] of Object.values(deployment.contracts).entries()) {
        const expected = getContractAddress({ from: deployer, nonce: BigInt(nonce) })
        assert.ok(isAddressEqual(address, expected), deploymentOrder('local')[nonce])
      }
    } finally {
      await chain.stop()
    }
  })
}

/** Runs the real command behind a proxy that kills it instead of answering transaction SENT + 1. */
async function deployUntilKilled(rpcUrl: string, out: string, reaches: boolean): Promise<void> {
  let sent = 0
  const proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const forward = () =>
      fetch(rpcUrl, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    if (body.includes('eth_sendTransaction') && ++sent > SENT) {
      if (reaches) await forward()
      return void child.kill('SIGKILL')
    }
    const answer = await forward()
    response.end(await answer.text())
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as AddressInfo
  const command = fileURLToPath(new URL('../../scripts/deploy.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    [command, '--rpc', `http://127.0.0.1:${port}`, '--network', 'local', '--out', out],
    { stdio: 'ignore' },
  )
  const signal = await new Promise(resolve => child.once('exit', (_code, how) => resolve(how)))
  proxy.closeAllConnections()
  await new Promise(resolve => proxy.close(resolve))
  assert.equal(signal, 'SIGKILL')
  assert.equal(sent, SENT + 1)
}

test('a dry run of the public network deploys its own beacon, and every contract fits', async () => {
  const result = await dryRun({ network: 'base-sepolia', rpcUrl: undefined })
  assert.deepEqual(
    result.steps.map(({ contract }) => contract),
    [...deploymentOrder('drand')],
  )
  for (const { contract, codeBytes } of result.steps)
    assert.ok(codeBytes > 0 && codeBytes <= 24_576, contract)
  assert.ok(result.facts.length > 70)
  assert.ok(totalGas(result) > 10_000_000n)
})
