import { type Abi, type Address, createPublicClient, getAddress, http, zeroAddress } from 'viem'
import {
  auditsAbi,
  beaconAbi,
  chargesAbi,
  courtAbi,
  escrowAbi,
  modelsAbi,
  rewardsAbi,
  stakingAbi,
  timelockAbi,
  tokenAbi,
} from '../../sdk/protocol/abi/index.ts'
import { CONTRACT_NAMES, type ContractName, type Deployment, toJson } from './deployment.ts'

/** Something that the chain must say about a deployment. */
export interface Fact {
  readonly name: string
  readonly value: string
}

const ABIS: Readonly<Record<ContractName, Abi>> = {
  timelock: timelockAbi,
  token: tokenAbi,
  models: modelsAbi,
  staking: stakingAbi,
  escrow: escrowAbi,
  beacon: beaconAbi,
  audits: auditsAbi,
  court: courtAbi,
  charges: chargesAbi,
  rewards: rewardsAbi,
}

const PROPOSER_ROLE = '0xb09aa5aeb3702cfd50b6b62bc4532604938f21248a27a1d5ca736082b6819cc1'
const CANCELLER_ROLE = '0xfd643c72710c63c0180259aba6b2d05451e3591a24e58b62239378085726f783'
const EXECUTOR_ROLE = '0xd8aa0f3194971a2a116679f7c2090f6939c8d4e01a2a8d7e41d55e5351469e63'
/** A year: the guardian's sunset is the same on every network. */
const GUARDIAN_TERM = 365 * 86_400

const ADMIN_ROLE = `0x${'00'.repeat(32)}`

type Expectation = readonly [
  contract: ContractName,
  functionName: string,
  expected: unknown,
  args?: readonly unknown[],
]

/** Asks the chain whether a deployment is what its file says. Throws an error that names the first difference. */
export async function verifyDeployment(rpcUrl: string, deployment: Deployment): Promise<Fact[]> {
  const client = createPublicClient({ transport: http(rpcUrl), batch: { multicall: false } })
  const { contracts } = deployment
  expectEqual('chain id', await client.getChainId(), deployment.chainId)
  for (const name of CONTRACT_NAMES) {
    const code = await client.getCode({ address: contracts[name] })
    if (code === undefined) {
      throw new Error(
        `The chain has no contract at ${contracts[name]} (${name}). Its state was lost or it is another chain: ` +
          'restore the state, or delete the deployment file and its state directory to deploy again.',
      )
    }
  }

  const facts: Fact[] = []
  for (const [contract, functionName, expected, args = []] of expectations(deployment)) {
    const call = { address: contracts[contract] as Address, abi: ABIS[contract], functionName, args }
    const name = `${contract}.${functionName}${args.length === 0 ? '' : `(${args.map(short).join(', ')})`}`
    expectEqual(name, await client.readContract(call), expected)
    facts.push({ name, value: normalize(expected) })
  }
  return facts
}

function expectations({ contracts, params, roles, genesis }: Deployment): Expectation[] {
  const { court, staking, audits, rewards, escrow, governance, timetable } = params
  const clocks = (['models', 'staking', 'escrow', 'beacon', 'audits', 'court', 'rewards'] as const).flatMap(
    (name): Expectation[] => [
      [name, 'GENESIS', genesis],
      [name, 'EPOCH', timetable.epoch],
    ],
  )
  const governed = (['models', 'staking', 'escrow', 'court', 'rewards'] as const).map(
    (name): Expectation => [name, 'GOVERNOR', roles.governor],
  )
  const guarded = (['escrow', 'court', 'rewards'] as const).flatMap((name): Expectation[] => [
    [name, 'GUARDIAN', roles.guardian],
    [name, 'GUARDIAN_TERM', GUARDIAN_TERM],
  ])
  return [
    ...clocks,
    ...governed,
    ...guarded,
    ['timelock', 'getMinDelay', governance.delay],
    ['timelock', 'DELAY_MIN', governance.delay],
    ['timelock', 'hasRole', true, [PROPOSER_ROLE, roles.proposer]],
    ['timelock', 'hasRole', true, [CANCELLER_ROLE, roles.proposer]],
    ['timelock', 'hasRole', true, [EXECUTOR_ROLE, zeroAddress]],
    ['timelock', 'hasRole', true, [ADMIN_ROLE, contracts.timelock]],
    ['timelock', 'hasRole', false, [ADMIN_ROLE, roles.deployer]],
    ['timelock', 'hasRole', false, [ADMIN_ROLE, roles.proposer]],
    ['token', 'minter', contracts.rewards],
    ['token', 'CAP', 10n ** 27n],
    ['token', 'EMISSION_CAP', 6n * 10n ** 26n],
    ['staking', 'TOKEN', contracts.token],
    ['staking', 'slasher', contracts.court],
    ['staking', 'MIN_PROVIDER', staking.minProvider],
    ['staking', 'SLOT', staking.slot],
    ['staking', 'UNBOND', staking.unbond],
    ['staking', 'CHALLENGE', staking.challenge],
    ['staking', 'SLASHER_DELAY', staking.slasherDelay],
    ['escrow', 'TOKEN', contracts.token],
    ['escrow', 'THAW', escrow.thaw],
    ['escrow', 'MAX_FEE_PPM', 100_000],
    ['beacon', 'RAND_AT', timetable.randAt],
    ['audits', 'STAKING', contracts.staking],
    ['audits', 'BEACON', contracts.beacon],
    ['audits', 'MODELS', contracts.models],
    ['audits', 'CAPACITY_UNIT', audits.capacityUnit],
    ['audits', 'COMMITTEE', audits.committee],
    ['audits', 'QUORUM', audits.quorum],
    ['court', 'TOKEN', contracts.token],
    ['court', 'STAKING', contracts.staking],
    ['court', 'BEACON', contracts.beacon],
    ['court', 'CHARGES', contracts.charges],
    ['court', 'AUDITS', contracts.audits],
    ['court', 'FIRST_BOND', court.bond],
    ['court', 'ANSWER', court.answer],
    ['court', 'JURY_DELAY', court.juryDelay],
    ['court', 'COMMIT', court.commit],
    ['court', 'REVEAL', court.reveal],
    ['court', 'APPEAL', court.appeal],
    ['court', 'QUEUE', court.queue],
    ['court', 'REFEREE', court.referee],
    ['court', 'JAIL', court.jail],
    ['court', 'REPEAT', court.repeat],
    ['court', 'SEATS', court.seats],
    ['court', 'QUORUM', court.quorum],
    ['court', 'APPEAL_SEATS', court.appealSeats],
    ['court', 'APPEAL_QUORUM', court.appealQuorum],
    ['charges', 'COURT', contracts.court],
    ['charges', 'STAKING', contracts.staking],
    ['charges', 'AUDITS', contracts.audits],
    ['rewards', 'TOKEN', contracts.token],
    ['rewards', 'STAKING', contracts.staking],
    ['rewards', 'ESCROW', contracts.escrow],
    ['rewards', 'AUDITS', contracts.audits],
    ['rewards', 'TREASURY', roles.treasury],
    ['rewards', 'RATE_PPM', rewards.ratePpm],
    ['rewards', 'TAU', rewards.tau],
    ['rewards', 'MAX_KAPPA_BPS', 9_000],
    ['rewards', 'MAX_WORK_BPS', 2_000],
    ['rewards', 'MAX_TREASURY_BPS', 1_000],
  ]
}

/** A deployment file made with other parameters must not be reused silently. */
export function expectSameParameters(deployment: Deployment, params: Deployment['params']): void {
  if (toJson(deployment.params) === toJson(params)) return
  throw new Error(
    `The existing deployment was made with other parameters for ${params.network}. ` +
      'Contracts are immutable: delete the deployment file and its state directory to deploy again.',
  )
}

export function factsTable(facts: readonly Fact[]): string {
  const width = Math.max(...facts.map(({ name }) => name.length))
  return `${facts.map(({ name, value }) => `ok  ${name.padEnd(width)}  ${value}`).join('\n')}\n`
}

function short(value: unknown): string {
  return `${String(value).slice(0, 10)}…`
}

function expectEqual(name: string, actual: unknown, expected: unknown): void {
  if (normalize(actual) === normalize(expected)) return
  throw new Error(`Deployment check failed: ${name} is ${String(actual)}, expected ${String(expected)}.`)
}

function normalize(value: unknown): string {
  const text = String(value)
  return text.startsWith('0x') && text.length === 42 ? getAddress(text) : text
}
