// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, it } from 'vitest'
import { audit, epochPoint, NOW, networkView, OTHER_OPERATOR, provider } from './helpers/fixtures.ts'
import { stage } from './helpers/show.tsx'

const scene = stage()
const region = (name: string) => screen.findByRole('region', { name })

describe('the overview', () => {
  it('keeps a place for every number while the indexer is slow', async () => {
    for (const path of [
      '/api/network',
      '/api/network/series',
      '/api/providers',
      '/api/requests',
      '/api/audits',
    ]) {
      scene.network.answer(path, new Promise(() => {}))
    }

    scene.show('/')

    expect(await screen.findByRole('heading', { level: 1, name: 'Network' })).toBeDefined()
    expect(screen.getByRole('status', { name: 'Loading providers' })).toBeDefined()
    expect(screen.getByRole('status', { name: 'Loading money at rest' })).toBeDefined()
    expect(screen.getByRole('status', { name: 'Loading activity' })).toBeDefined()
  })

  it('says what failed in the indexer’s words and recovers when asked to try again', async () => {
    scene.network.fail('/api/providers', 500, {
      code: 'internal',
      message: 'The database is locked.',
      hint: 'Stop the other indexer.',
    })
    scene.show('/')
    const providers = await region('Providers')
    const alert = await within(providers).findByRole('alert')
    expect(alert.textContent).toContain('The database is locked. Stop the other indexer.')

    scene.network.answer('/api/providers', [provider()])
    await userEvent.click(within(alert).getByRole('button', { name: 'Try again' }))

    expect(await within(providers).findByRole('table', { name: 'Providers' })).toBeDefined()
  })

  it('names the missing indexer when nothing answers', async () => {
    scene.network.unplug()

    scene.show('/')

    const [alert] = await screen.findAllByRole('alert')
    expect(alert!.textContent).toContain('The indexer does not answer.')
    expect(alert!.textContent).toContain('npm start')
  })

  it('shows an empty network how to make its first request and its first provider', async () => {
    scene.network.answer('/api/network/series', [])
    scene.network.answer('/api/providers', [])
    scene.network.answer('/api/requests', { items: [], next: null })
    scene.network.answer('/api/audits', [])

    scene.show('/')

    const activity = await region('Live activity')
    expect(await within(activity).findByText(/curl -N .*\/v1\/chat\/completions/)).toBeDefined()
    expect(within(activity).getByRole('button', { name: 'Copy curl line' })).toBeDefined()
    expect(await within(await region('Providers')).findByText('No provider has staked yet')).toBeDefined()
    expect(await within(await region('Tokens per epoch')).findByText('No epoch with work yet')).toBeDefined()
  })

  it('shows the headline numbers, with every digit of an amount in its title', async () => {
    scene.show('/')

    const redeemed = await screen.findAllByTitle('0.1 ARIA')
    expect(redeemed.length).toBeGreaterThan(0)
    expect(screen.getByText('2,468', { selector: 'dd *' })).toBeDefined()
    expect(screen.getByText('of 3 staked · 3,000 ARIA')).toBeDefined()
    expect(screen.getByText('5.0 % of what was paid')).toBeDefined()
    expect(screen.getByText('1 failed')).toBeDefined()
  })

  it('lists providers with price per million tokens, score, stake and earnings, leading to their page', async () => {
    scene.network.answer('/api/providers', [
      provider(),
      provider({
        operator: OTHER_OPERATOR,
        online: false,
        modelName: null,
        pricePerOutputToken: null,
        score: null,
      }),
    ])

    scene.show('/')

    const table = await screen.findByRole('table', { name: 'Providers' })
    const [, first, second] = within(table).getAllByRole('row')
    expect(within(first!).getByRole('link').getAttribute('href')).toBe(`/providers/${provider().operator}`)
    expect(within(first!).getByText('Online')).toBeDefined()
    expect(within(first!).getByTitle('4 ARIA')).toBeDefined()
    expect(within(first!).getByTitle('98 of 100')).toBeDefined()
    expect(within(first!).getByTitle('0.095 ARIA')).toBeDefined()
    expect(within(second!).getByText('Offline')).toBeDefined()
    expect(within(second!).getByTitle('No finalized epoch yet')).toBeDefined()
  })

  it('shows how far the epoch is', async () => {
    scene.show('/')

    const bar = await screen.findByRole('progressbar', { name: 'Epoch 7' })
    expect(bar.getAttribute('aria-valuenow')).toBe('25')
    expect(screen.getByText('54 s left')).toBeDefined()
  })
})

describe('the charts', () => {
  it('write the exact values of the newest epoch, and arrow keys reach the others', async () => {
    scene.network.answer('/api/network/series', [
      epochPoint({ epoch: 6, redeemed: '100000000000000000' }),
      epochPoint({ epoch: 7, end: NOW + 54, redeemed: '552000000000000' }),
    ])
    scene.show('/')
    const chart = await screen.findByRole('figure', { name: /^Redeemed per epoch/ })
    expect(chart.textContent).toContain('0.000552 ARIA')
    expect(chart.textContent).toContain('epoch 7, running')

    chart.focus()
    await userEvent.keyboard('{ArrowLeft}{ArrowLeft}')

    expect(chart.textContent).toContain('0.1 ARIA')
    expect(chart.textContent).toContain('epoch 6')
    expect(chart.textContent).not.toContain('running')
  })
})

describe('the live activity', () => {
  it('says once what several verifiers found, and the worst of it', async () => {
    const verifier = `0x${'ef'.repeat(20)}` as const
    scene.network.answer('/api/audits', [audit(), audit({ verifier, passed: 3, failed: 1, score: 0 })])

    scene.show('/')

    const activity = await region('Live activity')
    expect(await within(activity).findByText('1 of 4 failed, 2 verifiers')).toBeDefined()
    expect(within(activity).queryByText(/4 passed/)).toBeNull()
  })
})

describe('the money at rest', () => {
  it('is said to add up only when it does, to the wei', async () => {
    scene.show('/')

    expect(await within(await region('Money at rest')).findByText('Adds up to the wei')).toBeDefined()
  })

  it('names the difference when one wei is missing', async () => {
    const view = networkView()
    view.moneyAtRest.escrowBalance = '59921000000000000002'
    scene.network.answer('/api/network', view)

    scene.show('/')

    const money = await region('Money at rest')
    expect(await within(money).findByText(/1 wei less than the balance/)).toBeDefined()
    expect(within(money).queryByText('Adds up to the wei')).toBeNull()
  })
})

describe('the state of the chain', () => {
  it('is announced when the indexer cannot reach it', async () => {
    scene.network.answer('/api/network', networkView({ lagBlocks: null }))

    scene.show('/')

    const notice = await screen.findByRole('alert')
    expect(notice.textContent).toContain('cannot reach the chain')
  })

  it('is remarkable from the sixth block of lag on', async () => {
    scene.network.answer('/api/network', networkView({ lagBlocks: 6 }))
    scene.show('/')
    expect((await screen.findByRole('alert')).textContent).toContain('6 blocks behind')
  })

  it('is in the footer', async () => {
    scene.network.answer('/api/network', networkView({ lagBlocks: 5 }))

    scene.show('/')

    const footer = screen.findByRole('contentinfo')
    expect(await within(await footer).findByText('31337')).toBeDefined()
    await waitFor(async () => expect((await footer).textContent).toContain('1,234'))
    expect((await footer).textContent).toContain('5 blocks')
    expect(screen.queryByRole('alert')).toBeNull()
  })
})
