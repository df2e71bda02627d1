import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { trackTransaction } from '@nomicfoundation/ignition-core'
import { type Address, type Hex, hexToNumber, isAddressEqual, numberToHex } from 'viem'
import type { Provider } from './provider.ts'

export interface Lost {
  readonly deploymentDir: string
  readonly provider: Provider
  readonly sender: Address
  /** No transaction of the deployment is older. */
  readonly firstBlock: number
  readonly confirmations: number | undefined
}

/** Ignition's note that it is about to send. */
const PREPARED = 'TRANSACTION_PREPARE_SEND'

/**
 * A process that dies between "about to send" and "sent" leaves a journal that Ignition does not continue by itself:
 * it cannot know whether the transaction left. The chain knows: the deployer's nonce was used, or it was not.
 */
export async function recoverLostTransaction(lost: Lost): Promise<void> {
  const path = join(lost.deploymentDir, 'journal.jsonl')
  if (!existsSync(path)) return
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  const last = JSON.parse(lines.at(-1) ?? '{}') as { readonly type?: string; readonly nonce?: number }
  if (last.type !== PREPARED || last.nonce === undefined) return

  const nonce = last.nonce
  if ((await nonceAt(lost, 'latest')) > nonce) {
    await trackTransaction(lost.deploymentDir, await hashOf(lost, nonce), lost.provider, lost.confirmations)
    return
  }
  if ((await nonceAt(lost, 'pending')) > nonce) {
    throw new Error(`Transaction ${nonce} of ${lost.sender} is still pending: run again once it is mined.`)
  }
  await writeFile(`${path}.new`, `${lines.slice(0, -1).join('\n')}\n`)
  await rename(`${path}.new`, path)
}

async function nonceAt({ provider, sender }: Lost, block: Hex | 'latest' | 'pending'): Promise<number> {
  const count = await provider.request({ method: 'eth_getTransactionCount', params: [sender, block] })
  return hexToNumber(count as Hex)
}

/** The hash of the sender's transaction with this nonce: it is in the first block after which the nonce is used. */
async function hashOf(lost: Lost, nonce: number): Promise<Hex> {
  const { provider, sender } = lost
  let low = lost.firstBlock
  let high = hexToNumber((await provider.request({ method: 'eth_blockNumber', params: [] })) as Hex)
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((await nonceAt(lost, numberToHex(middle))) > nonce) high = middle
    else low = middle + 1
  }
  const block = (await provider.request({
    method: 'eth_getBlockByNumber',
    params: [numberToHex(low), true],
  })) as {
    readonly transactions: readonly { readonly hash: Hex; readonly from: Address; readonly nonce: Hex }[]
  }
  const found = block.transactions.find(
    each => isAddressEqual(each.from, sender) && hexToNumber(each.nonce) === nonce,
  )
  if (found === undefined)
    throw new Error(`Transaction ${nonce} of ${sender} is in no block after ${lost.firstBlock}.`)
  return found.hash
}
