// @vitest-environment happy-dom
import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { audit, NOW, OPERATOR, providerDetail, providerEpoch } from './helpers/fixtures.ts'
import { stage } from './helpers/show.tsx'

const scene = stage()
const ADDRESS = `/providers/${OPERATOR}`
const API = `/api/providers/${OPERATOR}`
const region = (name: string) => screen.findByRole('region', { name })

it('a provider’s page shows what it earned, what waits, its stake and its offer', async () => {
  scene.network.answer(API, providerDetail({ unbonding: '125000000000000000000', unbondEnd: NOW + 7200 }))

  scene.show(ADDRESS)

  expect(await screen.findByRole('heading', { level: 1, name: 'Provider 0x1111…1111' })).toBeDefined()
  expect(await screen.findByTitle('0.095 ARIA')).toBeDefined()
  expect(screen.getByTitle('0.018 ARIA')).toBeDefined()
  expect(screen.getByText('125 ARIA unbonding, free in 2 h')).toBeDefined()
  expect(within(await region('Offer')).getByTitle('4 ARIA')).toBeDefined()
  expect(within(await region('Identity')).getByText('/ip4/127.0.0.1/tcp/4631')).toBeDefined()
})

it('earnings over time are net of the fee, beside the rewards', async () => {
  scene.network.answer(API, providerDetail())

  scene.show(ADDRESS)

  const earned = await screen.findByRole('figure', { name: /^Earned per epoch/ })
  expect(earned.textContent).toContain('0.0019 ARIA')
  expect(screen.getByRole('figure', { name: /^Rewards per epoch/ }).textContent).toContain('0.00009 ARIA')
})

it('a failed audit tells its reason in words', async () => {
  const reason = 'Receipt 0xabab, position 31: signed token 1187, re-executed token 402.'
  scene.network.answer(API, providerDetail({ audits: [audit({ passed: 3, failed: 1, score: 0, reason })] }))

  scene.show(ADDRESS)

  const audits = await screen.findByRole('table', { name: 'Audits' })
  expect(within(audits).getByText(reason)).toBeDefined()
  expect(within(audits).getByText('Failed', { selector: 'span' })).toBeDefined()
})

it('epochs are listed newest first with their root, score and what became of them', async () => {
  scene.network.answer(
    API,
    providerDetail({
      epochs: [
        providerEpoch({ epoch: 5 }),
        providerEpoch({ epoch: 7, end: NOW + 54, root: null, score: null, finalized: false, claimed: false }),
        providerEpoch({ epoch: 6, claimed: false }),
      ],
    }),
  )

  scene.show(ADDRESS)

  const table = await screen.findByRole('table', { name: 'Epochs' })
  const [, ...rows] = within(table).getAllByRole('row')
  expect(rows.map(row => within(row).getAllByRole('cell')[0]!.textContent)).toEqual(['7', '6', '5'])
  expect(within(rows[0]!).getByText('Not committed')).toBeDefined()
  expect(within(rows[0]!).getByText('Open')).toBeDefined()
  expect(within(rows[1]!).getByText('Finalized')).toBeDefined()
  expect(within(rows[2]!).getByText('Claimed')).toBeDefined()
  expect(within(rows[2]!).getByRole('button', { name: 'Copy receipt root' })).toBeDefined()
})

it('ten epochs are shown, all of them when asked for', async () => {
  const epochs = Array.from({ length: 11 }, (_, epoch) => providerEpoch({ epoch }))
  scene.network.answer(API, providerDetail({ epochs }))
  scene.show(ADDRESS)
  const table = await screen.findByRole('table', { name: 'Epochs' })
  expect(within(table).getAllByRole('row')).toHaveLength(1 + 10)

  await userEvent.click(screen.getByRole('button', { name: 'Show all 11' }))

  expect(within(table).getAllByRole('row')).toHaveLength(1 + 11)
})

it('a provider without work says what will appear, and without an offer why nobody chooses it', async () => {
  scene.network.answer(API, providerDetail({ online: false, epochs: [], audits: [], multiaddrs: [] }))

  scene.show(ADDRESS)

  expect(await within(await region('Earned per epoch')).findByText('No epoch with work yet')).toBeDefined()
  expect(screen.getByText('No offer is in force')).toBeDefined()
  expect(screen.getByText('No audits yet')).toBeDefined()
  expect(within(await region('Epochs')).getByText('No epoch with work yet')).toBeDefined()
})

it('an unknown provider is told apart from a failure', async () => {
  scene.network.fail(API, 404, {
    code: 'not_found',
    message: `${OPERATOR} is not registered as a provider.`,
    hint: null,
  })

  scene.show(ADDRESS)

  expect(await region('No such provider')).toBeDefined()
  expect(screen.getByRole('alert').textContent).toContain('is not registered as a provider')
})
