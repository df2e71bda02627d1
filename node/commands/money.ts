import { type Address, AriaError, type Hex, parseAria } from '@aria/sdk/protocol'
import { Command } from 'commander'
import type { Call } from '../chain/outbox.ts'
import { type Environment, environment, type MoneyConfig, moneyConfig } from '../config.ts'
import { asVariables, type Flag, withFlags } from './flags.ts'
import { printJson } from './output.ts'

const FLAGS: readonly Flag[] = [
  ['--deployment <file>', 'ARIA_DEPLOYMENT', "file written by the contracts' deployment"],
  ['--rpc-url <url>', 'ARIA_RPC_URL', "the chain's JSON-RPC"],
  ['--data-dir <dir>', 'ARIA_DATA_DIR', 'books of the provider or the gateway'],
  ['--operator <address>', 'ARIA_OPERATOR', 'address that staked'],
  ['--payee <address>', 'ARIA_PAYEE', 'who is paid (default: the operator)'],
  ['--payer <address>', 'ARIA_PAYER', "wallet that deposited (default: those in the client's books)"],
]
const KEY: Flag = ['--key <key>', 'ARIA_WALLET_KEY', 'key of the wallet that owns the money: hex, or a file']

/** What an action gets: the settings, a chain, and the address of the wallet that signs. */
interface Acting {
  config: MoneyConfig
  chain: import('../chain/client.ts').Chain
  wallet: Address
  send(purpose: string, call: Call): Promise<void>
}

export function moneyCommand(): Command {
  const money = withFlags(new Command('money'), FLAGS)
    .description('Every wei at rest: where, why, until when, and the command that frees it')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nEvery option can also be set by its variable. The commands below take the same options.',
    )
  withFlags(money, [KEY])
  const settings = (): Environment => ({ ...environment(), ...asVariables(money, [...FLAGS, KEY]) })
  money.action(() => show(settings(), money.opts()['json'] === true))

  const action = (
    name: string,
    description: string,
    run: (acting: Acting, argument: string) => Promise<void>,
  ) =>
    money
      .command(name)
      .description(description)
      .action((argument: string) => act(settings(), acting => run(acting, argument)))

  action('redeem', 'Redeem the vouchers in the books now; any funded wallet may send it', redeem)
  action('payout', "Pay out what was redeemed, to the payee's wallet", ({ send, wallet, config }) =>
    callsOf(config).then(calls => send('payout', calls.payout(wallet))),
  )
  action(
    'burn-fees',
    'Burn the fees of redemptions, so that they count for the work reward',
    async acting => {
      const payee = acting.config.payee ?? acting.wallet
      await acting.send('burn-fees', (await callsOf(acting.config)).burnFees(payee))
    },
  )
  action(
    'refund',
    'Take back the rest of channels that their payee closed',
    async ({ config, send, wallet }) => send('refund', (await callsOf(config)).refund(wallet)),
  )
  action(
    'unbond <aria>',
    'Take stake out; it can be withdrawn after the unbonding time',
    async (acting, text) => {
      const amount = parseAria(text)
      await acting.send(`unbond ${text}`, (await callsOf(acting.config)).unbond(amount))
    },
  )
  action('withdraw-stake', 'Withdraw what finished unbonding', async ({ config, send, wallet }) =>
    send('withdraw-stake', (await callsOf(config)).withdrawStake(wallet)),
  )
  action('bounty', 'Take the share of a slash', async ({ config, send, wallet }) =>
    send('bounty', (await callsOf(config)).bounty(wallet)),
  )
  action('court-credit', 'Take what the court owes', async ({ config, send, wallet }) =>
    send('court-credit', (await callsOf(config)).courtCredit(wallet)),
  )
  money
    .command('close')
    .description(
      "Take the payer's deposits back: announces the withdrawal; run it again after the thaw to withdraw",
    )
    .option('--channel <id>', 'only this one')
    .action(({ channel }: { channel?: Hex }) => act(settings(), acting => close(acting, channel)))
  return money
}

/** Loaded only where it is needed, so that the other commands start without the chain's libraries. */
async function callsOf({ deployment }: MoneyConfig) {
  const { moneyCalls } = await import('../money/actions.ts')
  return moneyCalls(deployment)
}

/** Exit code 0 only if the sum equals the chain to the wei. */
async function show(env: Environment, isJson: boolean): Promise<void> {
  const config = moneyConfig(env)
  const { connectChain } = await import('../chain/client.ts')
  const { moneyView } = await import('../money/view.ts')
  const { formatMoney } = await import('../money/format.ts')
  const { verifyReport } = await import('../gateway/report.ts')
  const chain = await connectChain(config.rpcUrl, config.deployment)
  const view = await moneyView(chain, config)
  const report = verifyReport(view.checks)
  if (isJson) printJson({ ...report, items: view.items, totals: view.totals })
  else process.stdout.write(formatMoney(view))
  if (!report.ok) process.exitCode = 1
}

async function act(env: Environment, work: (acting: Acting) => Promise<void>): Promise<void> {
  const config = moneyConfig(env)
  const { nodeKeyOf } = await import('../money/node-key.ts')
  const privateKey = config.walletKey ?? nodeKeyOf(config.dataDir)
  const [{ connectChain }, { moneyWallet }, { createLog }, { privateKeyToAddress }] = await Promise.all([
    import('../chain/client.ts'),
    import('../money/wallet.ts'),
    import('../observe/log.ts'),
    import('viem/accounts'),
  ])
  const { dataDir, deployment, rpcUrl } = config
  const chain = await connectChain(rpcUrl, deployment)
  const wallet = moneyWallet(chain, { dataDir, deployment, privateKey, log: createLog('warn', 'money') })
  try {
    const send = async (purpose: string, call: Call) => {
      await wallet.send(purpose, call)
      printJson({ event: 'done', purpose })
    }
    const address = privateKeyToAddress(privateKey).toLowerCase() as Address
    await work({ config, chain, wallet: address, send })
  } finally {
    wallet.close()
  }
}

async function redeem({ config, chain, send }: Acting): Promise<void> {
  const { claimable, redeemCall } = await import('../money/vouchers.ts')
  const { payee } = config
  if (payee === undefined) {
    throw new AriaError('bad_config', 'ARIA_PAYEE is not set.', { hint: 'Set ARIA_PAYEE or ARIA_OPERATOR.' })
  }
  const claims = await claimable(chain, config.dataDir)
  if (claims.length === 0) return printJson({ event: 'nothing', purpose: 'redeem' })
  await send('redeem', redeemCall(config.deployment.contracts.escrow, payee, claims))
}

async function close({ chain, wallet, send }: Acting, channel: Hex | undefined): Promise<void> {
  const { closeSteps } = await import('../money/actions.ts')
  for (const { call, ...step } of await closeSteps(chain, wallet, channel)) {
    printJson(step)
    if (call !== undefined) await send(`close ${step.channel}`, call)
  }
}
