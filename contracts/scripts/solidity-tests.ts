// The Solidity tests in one warm process, on Hardhat's own runner (EDR), with the code of one contract replaced at will.
// Starting Hardhat takes seconds per run and recompiles; here a run costs what its tests cost.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Artifact,
  CollectStackTraces,
  EdrContext,
  IncludeTraces,
  L1_CHAIN_TYPE,
  L1Hardfork,
  l1HardforkToString,
  l1SolidityTestRunnerFactory,
  type TestResult,
  TestStatus,
} from '@nomicfoundation/edr'
import { CONTRACTS } from './scratch.ts'

const SOLC_VERSION = '0.8.37'
/** A faulty loop must end: no test of ours needs a tenth of it. */
const GAS_LIMIT = 2_000_000_000n
const SEED = '0x41524941'
/** Whoever mutates wants to know that a test fails, not the shortest way to it. */
const SHRINK_NEVER = { shrinkRunLimit: 0 }

export interface Code {
  readonly bytecode: string
  readonly deployedBytecode: string
}

export interface Run {
  readonly files: readonly string[]
  /** Regular expressions over test names. */
  readonly only?: string
  readonly except?: string
  readonly fuzzRuns: number
  readonly invariantRuns: number
  readonly invariantDepth: number
  /** Instead of a number of runs: as many as fit. */
  readonly invariantSeconds?: number
}

export interface Outcome {
  readonly tests: number
  /** `file: test: reason` of each that failed; a broken invariant with its sequence of calls. */
  readonly failures: readonly string[]
  /** Of handlers, by invariant tests. */
  readonly calls: number
}

interface BuiltArtifact extends Code {
  readonly contractName: string
  readonly sourceName: string
  readonly inputSourceName: string
  readonly abi: readonly { type: string; name?: string }[]
}

export interface SolidityTests {
  /** Runs tests with the code of `contract` (if given) instead of the built one. */
  run(run: Run, contract?: string, code?: Code): Promise<Outcome>
}

/** Reads what `hardhat build` made of sources and tests. */
export async function openTests(): Promise<SolidityTests> {
  const context = new EdrContext()
  await context.registerSolidityTestRunnerFactory(L1_CHAIN_TYPE, l1SolidityTestRunnerFactory())
  const built = await Promise.all(
    ['artifacts/src', '.cache/test-artifacts/test'].map(folder => artifactsIn(join(CONTRACTS, folder))),
  )
  const artifacts = built.flat()
  const asArtifact = (each: BuiltArtifact, code: Code): Artifact => ({
    id: { name: each.contractName, source: each.inputSourceName, solcVersion: SOLC_VERSION },
    contract: {
      abi: JSON.stringify(each.abi),
      bytecode: code.bytecode,
      deployedBytecode: code.deployedBytecode,
      linkReferences: {},
      deployedLinkReferences: {},
    },
  })
  const plain = new Map(artifacts.map(each => [each, asArtifact(each, each)]))

  async function run(wanted: Run, contract?: string, code?: Code): Promise<Outcome> {
    const replaced = artifacts.find(each => each.sourceName === `src/${contract}.sol`)
    const used = new Map(plain)
    if (replaced !== undefined && code !== undefined) used.set(replaced, asArtifact(replaced, code))
    const suites = artifacts.filter(each => wanted.files.includes(each.sourceName) && isSuite(each))
    const failures: string[] = []
    let tests = 0
    let calls = 0
    const config = {
      projectRoot: CONTRACTS,
      hardfork: l1HardforkToString(L1Hardfork.Prague),
      gasLimit: GAS_LIMIT,
      disableBlockGasLimit: true,
      disableTransactionGasCap: true,
      collectStackTraces: CollectStackTraces.OnFailure,
      includeTraces: IncludeTraces.None,
      fuzz: { runs: wanted.fuzzRuns, seed: SEED },
      invariant: {
        ...(code === undefined ? {} : SHRINK_NEVER),
        runs: wanted.invariantRuns,
        depth: wanted.invariantDepth,
        failOnRevert: true,
        ...(wanted.invariantSeconds === undefined ? {} : { timeout: wanted.invariantSeconds }),
      },
      ...(wanted.only === undefined ? {} : { testPattern: wanted.only }),
      ...(wanted.except === undefined ? {} : { excludeTestPattern: wanted.except }),
    }
    // The run can end before its last reports arrive.
    let reported = 0
    const { promise: all, resolve } = Promise.withResolvers<void>()
    await context.runSolidityTests(
      L1_CHAIN_TYPE,
      [...used.values()],
      suites.map(each => used.get(each)!.id),
      config,
      { buildInfos: [], ignoreContracts: false },
      ({ id, testResults }) => {
        const file = id.source.replace(/^project\//, '')
        tests += testResults.length
        for (const result of testResults) {
          if ('calls' in result.kind) calls += Number(result.kind.calls)
          if (result.status === TestStatus.Failure) failures.push(`${file}: ${reasonOf(result)}`)
        }
        if (++reported === suites.length) resolve()
      },
    )
    if (suites.length !== 0) await all
    return { tests, failures, calls }
  }
  return { run }
}

function reasonOf({ name, reason, counterexample }: TestResult): string {
  const calls = counterexample !== undefined && 'sequence' in counterexample ? counterexample.sequence : []
  const sequence = calls.map(({ signature, args }) => `\n  ${signature}: ${args}`)
  return `${name}: ${reason ?? 'failed'}${sequence.join('')}`
}

function isSuite({ abi, bytecode }: BuiltArtifact): boolean {
  return (
    bytecode !== '0x' &&
    abi.some(({ type, name }) => type === 'function' && /^(test|invariant)/.test(name ?? ''))
  )
}

async function artifactsIn(folder: string): Promise<BuiltArtifact[]> {
  const names = await readdir(folder, { recursive: true })
  const files = names.filter(name => name.endsWith('.json'))
  return Promise.all(
    files.map(async name => JSON.parse(await readFile(join(folder, name), 'utf8')) as BuiltArtifact),
  )
}

/** Of these files' contents, in this order. */
export async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(join(CONTRACTS, file)))
  return hash.digest('hex')
}
