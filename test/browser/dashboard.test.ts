import OpenAI from 'openai'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath } from '../support/config.ts'
import { type TestMarket, testMarket } from '../support/market.ts'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking']

describe('the dashboard in a real browser, on a real market', () => {
  let market: TestMarket
  let browser: Browser
  let page: Page
  const problems: string[] = []

  beforeAll(async () => {
    market = await testMarket()
    browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS })
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.on('pageerror', error => problems.push(error.message))
    page.on('console', message => message.type() === 'error' && problems.push(message.text()))
  })
  afterAll(async () => {
    await browser?.close()
    await market?.dispose()
  })

  test('the overview lists the three staked providers and is live', async () => {
    await page.goto(market.dashboardUrl)

    await page.getByRole('heading', { name: 'Network', exact: true }).waitFor()
    await page.getByTestId('live-state').getByText('Live').waitFor()
    await page.getByRole('heading', { name: 'Providers' }).waitFor()
    await expect
      .poll(() => page.getByRole('row').filter({ hasText: 'Online' }).count(), { timeout: 60_000 })
      .toBe(3)
    await page.getByText('Adds up to the wei').waitFor()
  })

  test('a paid request appears without a reload', async () => {
    await page.goto(`${market.dashboardUrl}/requests`)
    await page.getByRole('heading', { name: 'Requests', exact: true }).waitFor()

    const api = new OpenAI({ baseURL: market.apiUrl, apiKey: 'unused' })
    const { usage } = await api.chat.completions.create({
      model: 'aria-1',
      messages: [{ role: 'user', content: 'What is a voucher?' }],
      max_tokens: 24,
      temperature: 0,
    })

    const row = page.getByRole('row').filter({ hasText: /Signed|Committed|Passed/ })
    await row.waitFor({ timeout: 60_000 })
    expect(await row.textContent()).toContain(String(usage!.completion_tokens))
  })

  test("a provider's page shows stake, offer and earnings", async () => {
    const { operator } = market.providers[0]!
    await page.goto(`${market.dashboardUrl}/providers/${operator.address}`)

    await page.getByRole('heading', { name: /^Provider 0x/ }).waitFor()
    await page.getByText('Earned per epoch').waitFor()
    await page.getByText('1,000', { exact: true }).first().waitFor()
    await page.getByRole('heading', { name: 'Audits' }).waitFor()
  })

  test('no page is wider than a phone', async () => {
    await page.setViewportSize({ width: 375, height: 800 })
    for (const path of ['/', '/requests', '/audits', `/providers/${market.providers[0]!.operator.address}`]) {
      await page.goto(`${market.dashboardUrl}${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()

      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375)
    }
  })

  test('the browser reported no error', () => {
    expect(problems).toEqual([])
  })
})
