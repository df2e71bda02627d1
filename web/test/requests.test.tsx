// @vitest-environment happy-dom
import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it } from 'vitest'
import { OPERATOR, OTHER_OPERATOR, provider, RECEIPT, request } from './helpers/fixtures.ts'
import { stage } from './helpers/show.tsx'

const scene = stage()

it('a request shows its tokens, exact cost, duration, end and state', async () => {
  scene.show('/requests')

  const table = await screen.findByRole('table', { name: 'Requests' })
  const [, row] = within(table).getAllByRole('row')
  expect(within(row!).getByTitle(RECEIPT)).toBeDefined()
  expect(within(row!).getByText('128')).toBeDefined()
  expect(within(row!).getByTitle('0.000552 ARIA')).toBeDefined()
  expect(within(row!).getByText('3 s')).toBeDefined()
  expect(within(row!).getByText('complete')).toBeDefined()
  expect(within(row!).getByText('Signed')).toBeDefined()
})

it('a receipt’s hash is copied whole', async () => {
  const user = userEvent.setup()
  scene.show('/requests')

  await user.click(await screen.findByRole('button', { name: 'Copy receipt hash' }))

  expect(await screen.findByText('Copied')).toBeDefined()
  expect(await navigator.clipboard.readText()).toBe(RECEIPT)
})

it('each state has its word, and a failed request its reason', async () => {
  const states = ['signed', 'committed', 'passed', 'failed'] as const
  const items = states.map((state, index) =>
    request({
      receiptHash: `0x${`${index}`.repeat(64)}`,
      state,
      failure: state === 'failed' ? 'Position 12: the receipt says token 7, the engine gives 9.' : null,
    }),
  )
  scene.network.answer('/api/requests', { items, next: null })

  scene.show('/requests')

  const table = await screen.findByRole('table', { name: 'Requests' })
  for (const word of ['Signed', 'Committed', 'Passed', 'Failed']) {
    expect(within(table).getByText(word)).toBeDefined()
  }
  expect(within(table).getByText(/Position 12/)).toBeDefined()
})

it('choosing a provider asks for its requests and leaves the choice in the address', async () => {
  scene.network.answer('/api/providers', [provider(), provider({ operator: OTHER_OPERATOR })])
  const user = userEvent.setup()
  const router = scene.show('/requests')
  await screen.findByRole('table', { name: 'Requests' })
  const filter = screen.getByRole('combobox', { name: 'Provider' })
  await within(filter).findByRole('option', { name: '0x2222…2222' })

  await user.selectOptions(filter, OTHER_OPERATOR)

  await expect
    .poll(() => scene.network.asked, { timeout: 15_000 })
    .toContain(`/api/requests?operator=${OTHER_OPERATOR}&limit=25`)
  expect(router.state.location.search).toEqual({ operator: OTHER_OPERATOR })
})

it('older pages follow the cursor and lead back to the newest', async () => {
  const user = userEvent.setup()
  scene.network.answer('/api/requests?limit=25', { items: [request()], next: '17-0xab' })
  scene.network.answer('/api/requests?before=17-0xab&limit=25', {
    items: [request({ receiptHash: `0x${'cd'.repeat(32)}` })],
    next: null,
  })
  scene.show('/requests')

  await user.click(await screen.findByRole('link', { name: 'Older' }))

  expect(await screen.findByTitle(`0x${'cd'.repeat(32)}`)).toBeDefined()
  expect(screen.queryByRole('link', { name: 'Older' })).toBeNull()
  await user.click(screen.getByRole('link', { name: 'Newest' }))
  expect(await screen.findByTitle(RECEIPT)).toBeDefined()
})

it('nothing served at all, nothing by this provider, and nothing older read differently', async () => {
  scene.network.answer('/api/requests', { items: [], next: null })

  const router = scene.show('/requests')
  expect(await screen.findByText('No requests yet')).toBeDefined()

  await router.navigate({ to: '/requests', search: { operator: OPERATOR } })
  expect(await screen.findByText('No public request was served by this provider yet')).toBeDefined()

  await router.navigate({ to: '/requests', search: { before: '17-0xab' } })
  expect(await screen.findByText('No older requests')).toBeDefined()
})

it('a bad answer of something else on the port is named as such', async () => {
  scene.network.answer('/api/requests', { items: [], next: null })
  scene.network.fail('/api/requests', 502, undefined as never)
  scene.show('/requests')

  const alert = await screen.findByRole('alert')
  expect(alert.textContent).toContain('status 502')
})
