// @vitest-environment happy-dom
import { act, screen, within } from '@testing-library/react'
import { expect, it } from 'vitest'
import { parseChange } from '../src/lib/live.ts'
import { NOW, RECEIPT, request } from './helpers/fixtures.ts'
import { stage } from './helpers/show.tsx'

const scene = stage()

it('the badge says whether changes arrive by themselves', async () => {
  scene.show('/')
  const badge = await screen.findByTestId('live-state')
  expect(badge.textContent).toBe('Connecting')

  act(() => scene.events().open())
  expect(badge.textContent).toBe('Live')

  act(() => scene.events().lose())
  expect(badge.textContent).toBe('Reconnecting')
})

it('a change brings the new rows while the old ones stay in place', async () => {
  scene.show('/requests')
  const table = await screen.findByRole('table', { name: 'Requests' })
  act(() => scene.events().open())
  const newer = request({ receiptHash: `0x${'cd'.repeat(32)}` })
  scene.network.answer('/api/requests', { items: [newer, request()], next: null })

  act(() => scene.events().send({ kind: 'request', block: 1235, time: NOW }))

  expect(within(table).getByTitle(RECEIPT)).toBeDefined()
  expect(await within(table).findByTitle(newer.receiptHash)).toBeDefined()
  expect(within(table).getByTitle(RECEIPT)).toBeDefined()
})

it('a failing refetch keeps the last numbers and says that they are old', async () => {
  scene.show('/')
  await screen.findByText('of 3 staked · 3,000 ARIA')
  act(() => scene.events().open())
  scene.network.unplug()

  act(() => scene.events().send({ kind: 'block', block: 1235, time: NOW }))

  expect((await screen.findByRole('alert')).textContent).toContain('last numbers received')
  expect(screen.getByText('of 3 staked · 3,000 ARIA')).toBeDefined()
})

it('lost events are followed by a question, so that a missing indexer is noticed at once', async () => {
  scene.show('/')
  await screen.findByText('of 3 staked · 3,000 ARIA')
  act(() => scene.events().open())
  scene.network.unplug()

  act(() => scene.events().lose())

  expect((await screen.findByRole('alert')).textContent).toContain('last numbers received')
})

it('after a gap in the events everything is fetched again', async () => {
  scene.show('/requests')
  await screen.findByRole('table', { name: 'Requests' })
  act(() => scene.events().open())
  const before = scene.network.asked.filter(path => path.startsWith('/api/requests')).length

  act(() => scene.events().lose())
  act(() => scene.events().open())

  await expect
    .poll(() => scene.network.asked.filter(path => path.startsWith('/api/requests')).length, {
      timeout: 15_000,
    })
    .toBe(before + 1)
})

it('money moves appear in the activity, once per block', async () => {
  scene.show('/')
  await screen.findByRole('region', { name: 'Live activity' })
  await screen.findByText('128 tokens')
  act(() => scene.events().open())

  act(() => {
    scene.events().send({ kind: 'redeemed', block: 1235, time: NOW })
    scene.events().send({ kind: 'redeemed', block: 1235, time: NOW })
  })

  expect(await screen.findAllByText('Vouchers became money in block 1,235')).toHaveLength(1)
})

it('events that this page does not know are ignored', () => {
  expect(parseChange('{"kind":"block","block":1,"time":2}')).toEqual({ kind: 'block', block: 1, time: 2 })
  expect(parseChange('{"kind":"court","block":1,"time":2}')).toBeNull()
  expect(parseChange('{"kind":"block"}')).toBeNull()
  expect(parseChange('null')).toBeNull()
  expect(parseChange('not json')).toBeNull()
})
