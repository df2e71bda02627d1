import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import toolbox from '@nomicfoundation/hardhat-toolbox-viem'
import { defineConfig } from 'hardhat/config'

// solc comes from npm (WebAssembly), so that a build needs no download.
const path = createRequire(import.meta.url).resolve('solc/soljson.js')
const settings = { viaIR: true, optimizer: { enabled: true, runs: 1_000_000 }, evmVersion: 'prague' }

// Tests reach the contracts by name and import interfaces only, so they can be compiled the quick way.
const testFiles = readdirSync(new URL('test/solidity', import.meta.url), {
  recursive: true,
  encoding: 'utf8',
})
const quick = { version: '0.8.37', path, settings: { evmVersion: 'prague' } }
const overrides: Record<string, typeof quick> = Object.fromEntries(
  testFiles.filter(name => name.endsWith('.sol')).map(name => [`test/solidity/${name}`, quick]),
)
const compilers = [{ version: '0.8.37', path, settings }]

// The court acts once per dispute: it must be small enough to deploy, not cheap to call.
const small = { ...settings, optimizer: { enabled: true, runs: 1 } }
overrides['src/Court.sol'] = { version: '0.8.37', path, settings: small }

/** A positive whole number from the environment, for the commands that test longer or shorter than `npm test`. */
function number(name: string, standard: number): number {
  const text = process.env[name]
  if (text === undefined) return standard
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new Error(`${name} must be a number from 1 to 9999999, not ${text}.`)
  return Number(text)
}

export default defineConfig({
  plugins: [toolbox],
  paths: {
    sources: './src',
    cache: './.cache',
    tests: { solidity: './test/solidity', nodejs: './test/node' },
  },
  // One profile for tests and deployments: what is tested is what is deployed.
  solidity: {
    splitTestsCompilation: true, // a build for a deployment compiles no tests
    profiles: {
      default: { compilers, overrides },
      production: { compilers, overrides },
    },
  },
  test: {
    solidity: {
      fuzz: { runs: number('ARIA_FUZZ_RUNS', 256), seed: '0x41524941' },
      // scripts/invariants.ts asks for more.
      invariant: {
        runs: number('ARIA_INVARIANT_RUNS', 64),
        depth: number('ARIA_INVARIANT_DEPTH', 64),
        failOnRevert: true,
      },
    },
  },
  // Tests set the time themselves; a transaction must not move it.
  networks: {
    default: {
      type: 'edr-simulated',
      chainType: 'l1',
      hardfork: 'prague',
      allowBlocksWithSameTimestamp: true,
    },
  },
})
