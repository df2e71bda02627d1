import { type Hex, hashTypedData, pad, parseEther } from 'viem'
import { eip712TypeStrings } from '../../../sdk/protocol/abi/index.ts'
import { enlist, gasOf, newAccount, PROVIDER, type World } from '../../test/node/world.ts'

const ZERO = pad('0x00', { size: 32 })

/** Gas of opening a case: the first one of its challenger and of the accused, so every slot is new. */
export async function measureCourt(world: World): Promise<Record<string, number>> {
  const { charges, court, token, audits, client } = world
  const provider = await enlist(world, PROVIDER, parseEther('1000'))
  const challenger = await newAccount(world, parseEther('1000'))
  await gasOf(world, token.write.approve([court.address, 2n ** 256n - 1n], { account: challenger }))
  const endedAt = Number((await client.getBlock()).timestamp)
  const receipt = {
    ...{ requestHash: ZERO, modelId: ZERO, promptCommit: ZERO, outputRoot: ZERO, samplingHash: ZERO },
    ...{ seed: 1n, inputTokens: 1_000, outputTokens: 1_000, cumulativeDue: 10n ** 18n, finish: 0, flags: 1 },
    ...{ startedAt: endedAt, endedAt },
  }
  const members = eip712TypeStrings.Receipt.slice('Receipt('.length, -1)
    .split(',')
    .map(member => {
      const [type, name] = member.split(' ')
      return { type: type!, name: name! }
    })
  const hash: Hex = hashTypedData({
    domain: { name: 'ARIA Jobs', version: '1', chainId: 31_337, verifyingContract: audits.address },
    types: { Receipt: members },
    primaryType: 'Receipt',
    message: receipt as Record<string, unknown>,
  })
  const signature = await provider.node.sign({ hash })
  const opened = charges.write.accuseWrongOutput([receipt, signature, ZERO], { account: challenger })
  return { open_case: Number(await gasOf(world, opened)) }
}
