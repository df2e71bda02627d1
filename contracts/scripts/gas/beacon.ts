import hre from 'hardhat'
import type { Hex } from 'viem'
import { networks } from '../../params/networks.ts'
import { ROUNDS, uncompressed } from '../../test/node/quicknet.ts'

const GENESIS = 1_700_000_000

/** Gas of verifying one real round of drand quicknet. */
export async function measureBeacon(): Promise<number> {
  const connection = await hre.network.create()
  try {
    const client = await connection.viem.getPublicClient()
    const [wallet] = await connection.viem.getWalletClients()
    const artifact = await hre.artifacts.readArtifact('Beacon')
    const timetable = { genesis: GENESIS, ...networks['base-sepolia']!.timetable }
    const deployed = await client.waitForTransactionReceipt({
      hash: await wallet!.deployContract({ ...artifact, args: [timetable] } as never),
    })
    const [round, signature] = ROUNDS[0]!
    const hash: Hex = await wallet!.writeContract({
      address: deployed.contractAddress!,
      abi: artifact.abi,
      functionName: 'submit',
      args: [round, uncompressed(signature)],
    } as never)
    return Number((await client.waitForTransactionReceipt({ hash })).gasUsed)
  } finally {
    await connection.close()
  }
}
