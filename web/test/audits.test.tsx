// @vitest-environment happy-dom
import { screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { audit, OPERATOR, OTHER_OPERATOR } from './helpers/fixtures.ts'
import { stage } from './helpers/show.tsx'

const scene = stage()

it('audits show who checked whom, how much, and whether the score is on chain', async () => {
  scene.network.answer('/api/audits', [
    audit(),
    audit({
      operator: OTHER_OPERATOR,
      passed: 1,
      failed: 3,
      score: 0,
      reason: 'Position 3 differs.',
      onChain: 'committed',
    }),
  ])

  scene.show('/audits')

  const table = await screen.findByRole('table', { name: 'Audits' })
  const [, good, bad, reason] = within(table).getAllByRole('row')
  expect(within(good!).getByText('Passed')).toBeDefined()
  expect(within(good!).getByText('Revealed')).toBeDefined()
  expect(within(bad!).getByText('Failed')).toBeDefined()
  expect(within(bad!).getByText('Committed')).toBeDefined()
  expect(reason!.textContent).toBe('Position 3 differs.')
})

it('a provider in the address narrows the list', async () => {
  scene.show(`/audits?operator=${OPERATOR}`)

  await screen.findByRole('table', { name: 'Audits' })
  expect(scene.network.asked).toContain(`/api/audits?operator=${OPERATOR}&limit=100`)
})

it('an address that does not exist leads back home', async () => {
  scene.show('/nowhere')

  expect(await screen.findByRole('heading', { level: 1, name: 'No such page' })).toBeDefined()
  expect(screen.getByRole('link', { name: 'Network' }).getAttribute('href')).toBe('/')
})
