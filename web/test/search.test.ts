import { expect, it } from 'vitest'
import { auditsSearch, requestsSearch } from '../src/app/search.ts'
import { OPERATOR } from './helpers/fixtures.ts'

it('an address in the address bar is taken in lower case', () => {
  expect(auditsSearch({ operator: `0x${'AB'.repeat(20)}` })).toEqual({ operator: `0x${'ab'.repeat(20)}` })
})

it('what is no address is dropped instead of passed to the indexer', () => {
  expect(auditsSearch({ operator: '0x12' })).toEqual({})
  expect(auditsSearch({ operator: `${OPERATOR}0` })).toEqual({})
  expect(auditsSearch({ operator: { nested: true } })).toEqual({})
})

it('a cursor survives the router reading digits as a number', () => {
  expect(requestsSearch({ before: 50 })).toEqual({ before: '50' })
  expect(requestsSearch({ operator: OPERATOR, before: '17-0xab' })).toEqual({
    operator: OPERATOR,
    before: '17-0xab',
  })
})

it('an empty or endless cursor is dropped', () => {
  expect(requestsSearch({ before: '' })).toEqual({})
  expect(requestsSearch({ before: 'x'.repeat(200) })).toEqual({ before: 'x'.repeat(200) })
  expect(requestsSearch({ before: 'x'.repeat(201) })).toEqual({})
})
