import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { getContractAddress, isAddressEqual, parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { deploymentOrder } from '../../ignition/modules/aria.ts'
import { deploy } from '../../scripts/deploy.ts'
import { readDeployment, toJson } from '../../scripts/deployment.ts'
import { startWorld, type World } from './world.ts'

let world: World

before(async () => {
  world = await startWorld()
})
after(() => world.stop())

const again = (changes: object = {}) =>
  deploy({ rpcUrl: world.rpcUrl, network: 'local', out: world.out, ...changes })

test('the minter of the token is the address predicted for Rewards', async () => {
  const { contracts, roles } = world.deployment
  const nonce = BigInt(deploymentOrder('local').indexOf('Rewards'))
  const predicted = getContractAddress({ from: roles.deployer, nonce })
  assert.ok(isAddressEqual(await world.token.read.minter(), contracts.rewards))
  assert.ok(isAddressEqual(predicted, contracts.rewards))
})

test('a second run reuses the deployment and sends nothing', async () => {
  const block = await world.client.getBlockNumber()
  assert.equal(toJson(await again()), toJson(world.deployment))
  assert.equal(await world.client.getBlockNumber(), block)
})

test('a lost deployment file is written again from the journal', async () => {
  const block = await world.client.getBlockNumber()
  await rm(world.out)
  const deployment = await again()
  assert.equal(toJson(deployment), toJson(world.deployment))
  assert.equal(await world.client.getBlockNumber(), block)
})

test('a file with other parameters is refused', async () => {
  const text = await readFile(world.out, 'utf8')
  await writeFile(world.out, text.replace('"thaw": 72', '"thaw": 73'))
  await assert.rejects(again(), /other parameters/)
  await writeFile(world.out, text)
})

test('a file that names a contract with another role is refused', async () => {
  const text = await readFile(world.out, 'utf8')
  const file = (await readDeployment(world.out))!
  await writeFile(world.out, toJson({ ...file, genesis: file.genesis - 1 }))
  await assert.rejects(again(), /models\.GENESIS is/)
  const contracts = { ...file.contracts, escrow: world.deployment.roles.treasury }
  await writeFile(world.out, toJson({ ...file, contracts }))
  await assert.rejects(again(), /no contract at .* \(escrow\)/)
  await writeFile(world.out, text)
})

test('an unknown network and the wrong chain are refused', async () => {
  await assert.rejects(again({ network: 'nowhere' }), /Unknown network nowhere\. Known: local, base-sepolia/)
  const other = again({ network: 'base-sepolia', out: `${world.out}.other` })
  await assert.rejects(other, /is chain 31337, but network base-sepolia is 84532/)
})

test('a private key deploys with its own account and the roles it is told', async () => {
  const privateKey = generatePrivateKey()
  const { address } = privateKeyToAccount(privateKey)
  await world.client.setBalance({ address, value: parseEther('10') })
  const treasury = world.deployment.roles.deployer
  const deployment = await again({ out: `${world.out}.second`, privateKey, treasury })

  assert.equal(deployment.roles.deployer, address)
  assert.equal(deployment.roles.governor, deployment.contracts.timelock)
  assert.equal(deployment.roles.proposer, address)
  assert.equal(deployment.roles.treasury, treasury)
  assert.notEqual(deployment.contracts.escrow, world.deployment.contracts.escrow)
})
