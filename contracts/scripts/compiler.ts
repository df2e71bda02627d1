// Compiles one contract at a time, in process, from the build's own input: only its dependants' sources and only its code.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, posix } from 'node:path'
import { CONTRACTS } from './scratch.ts'
import type { Code } from './solidity-tests.ts'

interface Input {
  readonly sources: Record<string, { content: string }>
  readonly settings: Record<string, unknown>
}

interface Output {
  readonly errors?: readonly { severity: string; message: string }[]
  readonly contracts?: Record<
    string,
    Record<string, { evm: Record<'bytecode' | 'deployedBytecode', { object: string }> }>
  >
}

export interface Compiler {
  /** Without the optimizer, in a tenth of the time: code for tests. Undefined if it does not compile. */
  quick(source: string): Code | undefined
  /** As deployed, without the hash of the source at its end. */
  deployed(source: string): string | undefined
}

/** The cheap steps of the Yul optimizer: enough to keep variables off the stack, where it would be too deep. */
const LIGHT = {
  enabled: true,
  details: { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: 'fu:fu' } },
}

/** @param name Of a contract in src, after `hardhat build`. */
export async function openCompiler(name: string): Promise<Compiler> {
  const require = createRequire(import.meta.url)
  const wrapper = require('solc/wrapper') as (module: unknown) => { compile(input: string): string }
  const solc = wrapper(require('solc/soljson.js'))
  const key = `project/src/${name}.sol`
  const input = await inputOf(name)
  const sources = closure(input, key)

  function compile(source: string, settings: Record<string, unknown>): Code | string | undefined {
    const outputSelection = { [key]: { [name]: ['evm.bytecode.object', 'evm.deployedBytecode.object'] } }
    const request = {
      language: 'Solidity',
      sources: { ...sources, [key]: { content: source } },
      settings: { ...input.settings, ...settings, outputSelection },
    }
    const output = JSON.parse(solc.compile(JSON.stringify(request))) as Output
    const error = output.errors?.find(({ severity }) => severity === 'error')
    if (error !== undefined) return error.message
    const evm = output.contracts?.[key]?.[name]?.evm
    if (evm === undefined) return undefined
    return {
      bytecode: `0x${evm.bytecode.object}`,
      deployedBytecode: `0x${evm.deployedBytecode.object}`,
    }
  }

  function quick(source: string): Code | undefined {
    let code = compile(source, { viaIR: false, optimizer: { enabled: false } })
    if (typeof code === 'string' && code.includes('Stack too deep'))
      code = compile(source, { viaIR: true, optimizer: LIGHT })
    return typeof code === 'string' ? undefined : code
  }

  function deployed(source: string): string | undefined {
    const code = compile(source, {})
    if (typeof code !== 'object') return undefined
    return code.deployedBytecode.replace(/a264697066735822[0-9a-f]{68}64736f6c63[0-9a-f]{6}0033/g, '')
  }
  return { quick, deployed }
}

/** Of the build that the contract's artifact comes from: older ones lie beside it. */
async function inputOf(name: string): Promise<Input> {
  const folder = join(CONTRACTS, 'artifacts')
  const read = async (path: string) => JSON.parse(await readFile(join(folder, path), 'utf8'))
  const { buildInfoId } = (await read(`src/${name}.sol/${name}.json`)) as { buildInfoId: string }
  const { input } = (await read(`build-info/${buildInfoId}.json`)) as { input: Input }
  return input
}

/** The sources that `key` imports, and they. */
function closure(input: Input, key: string): Input['sources'] {
  const found: Input['sources'] = {}
  const [openZeppelin] = Object.keys(input.sources).flatMap(
    name => /^npm\/@openzeppelin\/contracts@[^/]+\//.exec(name)?.[0] ?? [],
  )
  const visit = (name: string): void => {
    const source = input.sources[name]
    if (source === undefined) throw new Error(`The build has no source ${name}.`)
    if (found[name] !== undefined) return
    found[name] = source
    for (const [, path] of source.content.matchAll(/\bfrom "([^"]+)"/g)) {
      visit(
        path!.startsWith('.')
          ? posix.join(posix.dirname(name), path!)
          : path!.replace('@openzeppelin/contracts/', openZeppelin ?? ''),
      )
    }
  }
  visit(key)
  return found
}
