import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { keccak256, numberToHex, parseEther } from 'viem'
import {
  leafAt,
  type SumNode,
  samplePosition,
  sumLeaf,
  sumProof,
  sumRoot,
} from '../../../sdk/protocol/index.ts'
import { enlist, gasOf, type Operator, PROVIDER, startWorld, timeAfter, type World } from './world.ts'

// Tree sizes around powers of two, where promotion of odd nodes differs. Each is committed in an epoch of its own.
const COUNTS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33]
const SAMPLES = 4

let world: World
let provider: Operator

before(async () => {
  world = await startWorld()
  provider = await enlist(world, PROVIDER, parseEther('1000'))
})
after(() => world.stop())

interface Proof {
  readonly leaf: SumNode
  readonly receiptHash: `0x${string}`
  readonly index: number
  readonly position: bigint
  readonly siblings: readonly SumNode[]
}

const committed = (root: SumNode, count: number) => ({
  root: root.hash,
  tokens: root.sum,
  count,
  model: keccak256('0x02'),
})

function isIncluded(epoch: bigint, root: SumNode, count: number, proof: Proof): Promise<boolean> {
  return world.audits.read.isIncluded([
    epoch,
    provider.account.address,
    committed(root, count),
    proof.receiptHash,
    proof.leaf.sum,
    BigInt(proof.index),
    proof.position,
    proof.siblings,
  ])
}

test('trees, proofs and samples of the sdk are those of the contract; altered ones are not', async () => {
  for (const [k, count] of COUNTS.entries()) {
    const epoch = BigInt(k + 1)
    const receipts = Array.from({ length: count }, (_, i) => keccak256(numberToHex(k * 100 + i)))
    const leaves = receipts.map((hash, i) => sumLeaf(hash, BigInt(1 + ((i * 37 + k) % 200))))
    const root = sumRoot(leaves)
    await timeAfter(world, Number(epoch), 0)
    const { node, account } = provider
    await gasOf(world, world.audits.write.commitRoot([epoch, committed(root, count)], { account: node }))
    await timeAfter(world, Number(epoch), 9)
    const { beacon, audits, deployment } = world
    const round = await beacon.read.roundOf([epoch])
    await gasOf(world, beacon.write.submit([round, numberToHex(k)], { account: deployment.roles.deployer }))
    const rand = await beacon.read.rand([epoch])

    for (let j = 0; j < SAMPLES; j++) {
      const position = samplePosition(rand, account.address, j, root.sum)
      assert.equal(await audits.read.samplePosition([epoch, account.address, BigInt(j), root.sum]), position)
      const index = leafAt(leaves, position)
      const proof: Proof = {
        leaf: leaves[index]!,
        receiptHash: receipts[index]!,
        index,
        position,
        siblings: sumProof(leaves, index),
      }
      assert.ok(await isIncluded(epoch, root, count, proof), `count ${count}, index ${index}`)
      for (const altered of alterations(proof, root, count)) {
        assert.ok(!(await isIncluded(epoch, root, count, altered)), `count ${count}, index ${index} altered`)
      }
      assert.ok(!(await isIncluded(epoch, root, count + 1, proof)), 'another count')
      assert.ok(!(await isIncluded(epoch + 1n, root, count, proof)), 'another epoch')
    }
  }
})

function alterations(proof: Proof, root: SumNode, count: number): Proof[] {
  const end = BigInt(2) ** 64n - 1n
  const extra: SumNode = { hash: root.hash, sum: 1n }
  const altered: Proof[] = [
    { ...proof, receiptHash: root.hash },
    { ...proof, leaf: { ...proof.leaf, sum: proof.leaf.sum + 1n } },
    { ...proof, position: root.sum },
    { ...proof, siblings: [...proof.siblings, extra] },
    { ...proof, index: count },
  ]
  const [first, ...rest] = proof.siblings
  if (first === undefined) return altered
  return [
    ...altered,
    { ...proof, siblings: rest },
    { ...proof, index: proof.index ^ 1 },
    { ...proof, siblings: [{ ...first, sum: first.sum + 1n }, ...rest] },
    { ...proof, siblings: [{ ...first, sum: end }, ...rest] },
  ]
}
