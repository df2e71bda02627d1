import { readFileSync, statSync } from 'node:fs'
import {
  AriaError,
  parseReceiptBundle,
  RECEIPT_BUNDLE_CHARS_MAX,
  type ReceiptBundle,
} from '@aria/sdk/protocol'
import { Command } from 'commander'
import { MODEL_DEFAULT } from './options.ts'
import { printJson } from './output.ts'

const GATEWAY_DEFAULT = 'http://127.0.0.1:4610'
const GATEWAY_TIMEOUT_MS = 10_000
const REQUEST_ID = /^0x[0-9a-fA-F]{64}$/

interface VerifyFlags {
  model: string
  gateway: string
  rpcUrl?: string
  threads?: string
  json?: boolean
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'Check a receipt: signatures, commitments, cost, and the answer itself by computing it again',
    )
    .argument('<receipt>', 'file with a receipt, or the id of a request that the gateway answered')
    .option('-m, --model <file>', 'GGUF file of the model (default: the built-in model)', MODEL_DEFAULT)
    .option('--gateway <url>', 'where a request id is looked up', GATEWAY_DEFAULT)
    .option('--rpc-url <url>', 'also check on chain which operator the node key belongs to')
    .option('--threads <count>', 'threads to use (default: all cores)')
    .option('--json', 'print one JSON object')
    .action(verify)
}

/** Exit code 0 only if everything matches. */
async function verify(source: string, flags: VerifyFlags): Promise<void> {
  const bundle = REQUEST_ID.test(source) ? await fromGateway(source, flags.gateway) : fromFile(source)
  // Loaded only here: the engine takes a moment.
  const { verifyReceipt } = await import('../gateway/verify-receipt.ts')
  const { formatReport, verifyReport } = await import('../gateway/report.ts')
  const { model: modelPath, rpcUrl } = flags
  const report = verifyReport(await verifyReceipt(bundle, { modelPath, rpcUrl, threads: threads(flags) }))
  if (flags.json) printJson(report)
  else process.stdout.write(formatReport(report))
  if (!report.ok) process.exitCode = 1
}

function threads({ threads: text }: VerifyFlags): number | undefined {
  if (text === undefined) return undefined
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count
  throw new AriaError('bad_config', `--threads is "${text}": expected a whole number from 1 to 256.`)
}

function fromFile(path: string): ReceiptBundle {
  const hint = 'Give a receipt file, or a request id (0x and 64 hex digits) together with --gateway.'
  try {
    if (statSync(path).size <= RECEIPT_BUNDLE_CHARS_MAX)
      return parseReceiptBundle(readFileSync(path, 'utf8'), path)
  } catch (cause) {
    if (cause instanceof AriaError) throw cause
    throw new AriaError('not_found', `Cannot read "${path}".`, { hint, cause })
  }
  throw new AriaError('bad_proof', `"${path}" is too large for a receipt.`, { hint })
}

async function fromGateway(requestId: string, gateway: string): Promise<ReceiptBundle> {
  const url = `${gateway.replace(/\/$/, '')}/aria/receipts/${requestId}`
  const hint = 'Check --gateway; it keeps the receipts of its last answers only.'
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(GATEWAY_TIMEOUT_MS) })
  } catch (cause) {
    throw new AriaError('not_found', `No gateway answers at ${gateway}.`, { hint, cause })
  }
  if (!response.ok) throw new AriaError('not_found', `${url} answered ${response.status}.`, { hint })
  return parseReceiptBundle(await response.text(), url)
}
