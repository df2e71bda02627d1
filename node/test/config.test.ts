import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AriaError } from '@aria/sdk/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { local } from '../../contracts/params/local.ts'
import { toJson } from '../../contracts/scripts/deployment.ts'
import { type Environment, gatewayConfig, providerConfig } from '../config.ts'

const address = `0x${'Ab'.repeat(20)}`
const key = `0x${'0F'.repeat(32)}`

describe('configuration', () => {
  let dir: string
  let env: Record<string, string>

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'aria-config-'))
    const names = ['token', 'models', 'staking', 'escrow', 'beacon', 'audits', 'rewards']
    const governing = ['timelock', 'court', 'charges']
    const contracts = Object.fromEntries([...names, ...governing].map(name => [name, address]))
    const file = { network: 'local', chainId: 31337, genesis: 1, blockNumber: 0, contracts, params: local }
    writeFileSync(join(dir, 'deployment.json'), toJson(file))
    writeFileSync(join(dir, 'key'), `${key}\n`)
    env = {
      ARIA_DEPLOYMENT: join(dir, 'deployment.json'),
      ARIA_DATA_DIR: join(dir, 'data'),
      ARIA_MODEL: 'model.gguf',
      ARIA_OPERATOR: address,
    }
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const failure = (changed: Environment, read: (env: Environment) => unknown = providerConfig): AriaError => {
    try {
      read({ ...env, ...changed })
    } catch (thrown) {
      if (thrown instanceof AriaError) return thrown
    }
    throw new Error('The configuration was accepted.')
  }

  it('reads prices per million tokens, addresses in lower case and local defaults into a frozen value', () => {
    const config = providerConfig({
      ...env,
      ARIA_PRICE_IN: '0.5',
      ARIA_PRICE_OUT: '2',
      ARIA_LISTEN: ' /a , /b',
    })
    expect(config).toMatchObject({
      ...{ pricePerInputToken: 500_000_000_000n, pricePerOutputToken: 2_000_000_000_000n },
      ...{ operator: address.toLowerCase(), payee: address.toLowerCase(), listen: ['/a', '/b'] },
      ...{ creditHead: 'latest', redeemAfterMs: 20_000 },
    })
    expect(Object.isFrozen(config)).toBe(true)
  })

  it('reads what the operator says of the machine, and says nothing by itself', () => {
    const said = { ARIA_REGION: 'de-be', ARIA_ENERGY: 'rapl:4294.967295', ARIA_CHANNEL_MIN: '0' }
    const largest = { source: 'rapl', microPerToken: 2 ** 32 - 1 }
    const silent = { region: undefined, energy: undefined, channelMin: 10n ** 15n }

    expect(providerConfig({ ...env, ...said })).toMatchObject({
      ...{ region: 'DE-BE', energy: largest, channelMin: 0n },
    })
    expect(providerConfig(env)).toMatchObject(silent)
    expect(providerConfig({ ...env, ARIA_ENERGY: 'cpu-time:0.000001' }).energy).toEqual({
      ...{ source: 'cpu-time', microPerToken: 1 },
    })
  })

  it('makes a node key once, readable by its owner only', () => {
    const { nodeKey } = providerConfig(env)
    const file = join(env['ARIA_DATA_DIR']!, 'node.key')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8').trim()).toBe(nodeKey)
    expect(providerConfig(env).nodeKey).toBe(nodeKey)
  })

  it.each([join('DIR', 'key'), key])('takes a key as hex or as a file', value => {
    const given = value.replace('DIR', dir)
    expect(providerConfig({ ...env, ARIA_NODE_KEY: given }).nodeKey).toBe(key.toLowerCase())
  })

  it.each([
    ['ARIA_MODEL', ''],
    ['ARIA_OPERATOR', '0x12'],
    ['ARIA_DEPLOYMENT', '/nowhere/deployment.json'],
    ['ARIA_RPC_URL', 'not a url'],
    ['ARIA_PRICE_IN', '-1'],
    ['ARIA_CHANNEL_MIN', '-1'],
    ['ARIA_REGION', 'UK'],
    ['ARIA_REGION', 'DE-'],
    ['ARIA_REGION', 'DE-BERL'],
    ['ARIA_ENERGY', '0.85'],
    ['ARIA_ENERGY', 'rapl:0'],
    ['ARIA_ENERGY', 'rapl:4294.967296'],
    ['ARIA_ENERGY', 'meter:1'],
    ['ARIA_SLOTS', '0'],
    ['ARIA_SLOTS', '257'],
    ['ARIA_CACHE_MB', '0'],
    ['ARIA_THREADS', 'many'],
    ['ARIA_LOG_LEVEL', 'loud'],
    ['ARIA_NODE_KEY', '0x00'],
    ['ARIA_CREDIT_HEAD', 'pending'],
  ])('names %s when it is bad, and what to do', (variable, value) => {
    const error = failure({ [variable]: value })
    expect(error.code).toBe('bad_config')
    expect(error.message).toContain(variable)
    expect(error.hint).toBeDefined()
  })

  it('names the field of a damaged deployment file', () => {
    const file = join(dir, 'damaged.json')
    writeFileSync(file, readFileSync(env['ARIA_DEPLOYMENT']!, 'utf8').replace('"genesis"', '"genisis"'))
    const error = failure({ ARIA_DEPLOYMENT: file })
    expect(error.code).toBe('bad_deployment')
    expect(error.message).toContain('genesis')
  })

  it('never shows a key that it refuses', () => {
    const secret = `0x${'ff'.repeat(32)}`
    const error = failure({ ARIA_CLIENT_KEY: secret, ARIA_TOKENIZER: 'model.gguf' }, gatewayConfig)
    expect(error.code).toBe('bad_config')
    expect(JSON.stringify([error.message, error.facts, error.hint])).not.toContain('ffff')
  })
})
