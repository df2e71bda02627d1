import { buildModule } from '@nomicfoundation/ignition-core'

/** The contract that serves randomness on each kind of network. */
export const BEACONS = { local: 'LocalBeacon', drand: 'Beacon' } as const
export type BeaconKind = keyof typeof BEACONS

/**
 * Deploys everything, one contract after the other.
 *
 * Some contracts know each other: the token its minter (Rewards), Staking its slasher (Court), Court the only contract
 * that opens cases (Charges). Those addresses are predicted from the deployer's nonce. `after` makes the order, and with
 * it the nonces, certain; deploymentOrder says the same to the code that predicts.
 */
export function deploymentOrder(beacon: BeaconKind) {
  return [
    'Timelock',
    'AriaToken',
    'Models',
    'Staking',
    'Escrow',
    BEACONS[beacon],
    'Audits',
    'Court',
    'Charges',
    'Rewards',
  ] as const
}

export const ariaModules = { local: ariaModule('local'), drand: ariaModule('drand') } as const

function ariaModule(beaconKind: BeaconKind) {
  return buildModule('Aria', m => {
    // Structs and addresses, all given by deploy.ts.
    const time = m.getParameter('time')
    const treasury = m.getParameter('treasury')

    const timelock = m.contract('Timelock', [
      m.getParameter('delay'),
      m.getParameter('proposers'),
      m.getParameter('executors'),
    ])
    const governor = m.getParameter('governor')
    const guardian = m.getParameter('guardian')
    const token = m.contract('AriaToken', [m.getParameter('minter'), treasury], { after: [timelock] })
    const models = m.contract('Models', [time, governor], { after: [token] })
    const staking = m.contract(
      'Staking',
      [time, m.getParameter('staking'), token, governor, m.getParameter('slasher')],
      { after: [models] },
    )
    const escrow = m.contract(
      'Escrow',
      [time, token, governor, guardian, m.getParameter('thaw'), m.getParameter('feePpm')],
      { after: [staking] },
    )
    const beacon = m.contract(
      BEACONS[beaconKind],
      beaconKind === 'local' ? [time, m.getParameter('beaconOperator')] : [time],
      { after: [escrow] },
    )
    const audits = m.contract('Audits', [time, m.getParameter('audits'), staking, beacon, models])
    const court = m.contract('Court', [
      time,
      m.getParameter('court'),
      token,
      staking,
      audits,
      beacon,
      m.getParameter('charges'),
      governor,
      guardian,
    ])
    const charges = m.contract('Charges', [court, staking, audits])
    const rewards = m.contract(
      'Rewards',
      [time, m.getParameter('rewards'), token, staking, escrow, audits, governor, guardian, treasury],
      { after: [charges] },
    )
    return { timelock, token, models, staking, escrow, beacon, audits, court, charges, rewards }
  })
}
