import { buildModule } from '@nomicfoundation/ignition-core'

/**
 * Deploys everything, one contract after the other.
 *
 * The token's minter is the Rewards contract, which in turn needs the token: its address is predicted from the
 * deployer's nonce. `after` makes the order, and with it the nonces, certain. DEPLOYMENT_ORDER says the same to the
 * code that predicts.
 */
export const DEPLOYMENT_ORDER = [
  'AriaToken',
  'Models',
  'Staking',
  'Escrow',
  'LocalBeacon',
  'Audits',
  'Rewards',
] as const

export const ariaModule = buildModule('Aria', m => {
  // Structs and addresses, all given by deploy.ts.
  const time = m.getParameter('time')
  const governor = m.getParameter('governor')
  const guardian = m.getParameter('guardian')
  const treasury = m.getParameter('treasury')

  const token = m.contract('AriaToken', [m.getParameter('minter'), treasury])
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
  const beacon = m.contract('LocalBeacon', [time, m.getParameter('beaconOperator')], { after: [escrow] })
  const audits = m.contract('Audits', [time, m.getParameter('audits'), staking, beacon, models])
  const rewards = m.contract('Rewards', [
    time,
    m.getParameter('rewards'),
    token,
    staking,
    escrow,
    audits,
    governor,
    guardian,
    treasury,
  ])
  return { token, models, staking, escrow, beacon, audits, rewards }
})
