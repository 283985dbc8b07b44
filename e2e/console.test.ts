// What people do at the console, in a real browser before a whole system: find, read, prove, and be refused; and how each
// of its screens looks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrowserContext, Locator, Page } from 'playwright-core'
import { withDatabase } from '../packages/platform/src/cli/local.ts'
import { allowedMs } from './console/allowed-time.ts'
import { looksAtEveryScreen } from './console/every-screen.ts'
import { busyPatient, goTo, noChromium, openStage, ownPatient, type Stage, settle } from './console/stage.ts'

const options = { skip: noChromium, timeout: 850_000 }

async function withPage(context: BrowserContext, work: (page: Page) => Promise<void>): Promise<void> {
  try {
    await work(context.pages()[0] ?? (await context.newPage()))
  } finally {
    await context.close()
  }
}

const textOf = async (place: Locator): Promise<string> => (await place.textContent()) ?? ''
const rowsOf = (page: Page) => page.locator('tbody tr')
const namesOf = (page: Page) => page.locator('tbody tr td:first-child a').allTextContents()

async function search(page: Page, text: string, expected: RegExp): Promise<readonly string[]> {
  await page.getByLabel('Find a patient').fill(text)
  await page.waitForURL((url) => url.searchParams.get('q') === text)
  await page.locator('[data-stale]').waitFor({ state: 'detached' })
  await page.locator('tbody tr td:first-child a').filter({ hasText: expected }).first().waitFor()
  await settle(page)
  return namesOf(page)
}

async function findsPatients(stage: Stage): Promise<void> {
  await withPage(await stage.open('dr-chen'), async (page) => {
    await page.goto(`${stage.url}/app/`)
    await page.waitForURL(/\/app\/patients$/)
    await settle(page)
    const byPinyin = await search(page, 'zhang', /^张/)
    assert.ok(byPinyin.length > 1)
    const byCharacter = await search(page, '张', /^张/)
    assert.deepEqual([...byPinyin].sort(), [...byCharacter].sort())
    assert.deepEqual(await search(page, '张三', /张三/), ['张三'])
    assert.deepEqual(await search(page, 'cohort-7-00003', /./), await search(page, 'COHORT-7-00003', /./))
    await page.getByLabel('Sex').selectOption('female')
    await page.waitForURL(/sex=female/)
    await page.goto(page.url())
    await settle(page)
    assert.equal(await page.getByLabel('Sex').inputValue(), 'female')
    assert.equal(await page.getByLabel('Find a patient').inputValue(), 'COHORT-7-00003')
  })
}

async function pagesThroughAll(stage: Stage): Promise<void> {
  await withPage(await stage.open('dr-chen'), async (page) => {
    await page.goto(`${stage.url}/app/patients`)
    await settle(page)
    await page.getByText('100 of 132 patients shown').waitFor()
    assert.ok((await rowsOf(page).count()) < 60, 'only the rows in view are drawn')
    await page.mouse.wheel(0, 100_000)
    await page.getByText('132 patients', { exact: true }).waitFor()
    await page.mouse.wheel(0, 100_000)
    await page.locator('tr[aria-rowindex="133"]').waitFor()
  })
}

async function readsTheChart(stage: Stage): Promise<void> {
  const context = await stage.open('dr-chen')
  await withPage(context, async () => {
    const page = await goTo(context, stage, `/patients/${ownPatient}`)
    const banner = page.getByRole('region', { name: '张三' })
    assert.match(await textOf(banner), /Penicillin\s*high risk/)
    assert.ok(!(await page.title()).includes('张三'), 'the title of the tab names no patient')
    await page.getByRole('link', { name: 'Results', exact: true }).click()
    await page.getByRole('link', { name: 'Heart rate' }).click()
    await page.locator('aside canvas').waitFor()
    assert.match((await page.getByRole('img').getAttribute('aria-label')) ?? '', /^Heart rate: \d+ values? from \d{4}/)
    const table = page.locator('aside table')
    assert.match(await textOf(table), /\d+\/min/)
    await page.getByRole('button', { name: '切换为中文' }).click()
    await page.getByRole('heading', { name: '心率' }).waitFor()
    assert.match(await textOf(banner), /青霉素/)
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN')
    await page.getByRole('button', { name: '使用深色' }).click()
    assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark')
    await page.reload()
    await settle(page)
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN')
    assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), 'dark')
  })
}

// The best of three: other tests share this machine.
async function isFast(stage: Stage): Promise<void> {
  const context = await stage.open('dr-chen')
  await withPage(context, async () => {
    const timesMs: number[] = []
    for (let run = 0; run < 3; run += 1) {
      const page = await goTo(context, stage, `/patients/${busyPatient}`)
      const startedAt = performance.now()
      await page.getByRole('link', { name: 'Encounters', exact: true }).click()
      await page.getByText(/^6\d\d$/).waitFor()
      await page.locator('tr[aria-rowindex="2"]').waitFor()
      timesMs.push(Math.round(performance.now() - startedAt))
    }
    assert.ok(
      Math.min(...timesMs) <= allowedMs(500),
      `a patient with over 600 encounters took ${timesMs.join(', ')} ms`,
    )
    const page = await goTo(context, stage, `/patients/${busyPatient}/timeline`)
    await page.getByRole('button', { name: /^2022: \d+ events/ }).click()
    await page.getByRole('heading', { name: '2022' }).waitFor()
  })
}

async function goesByKeys(stage: Stage): Promise<void> {
  await withPage(await stage.open(undefined), async (page) => {
    await page.goto(`${stage.url}/app/`)
    await settle(page)
    const isAt = (name: string) =>
      page.evaluate<boolean>(
        `document.activeElement.matches('a, button') && document.activeElement.textContent.includes(${JSON.stringify(name)})`,
      )
    for (let presses = 0; presses < 20 && !(await isAt('Wu Min')); presses += 1) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/app\/patients$/)
    await rowsOf(page).nth(1).waitFor()
    await page.keyboard.press('Control+k')
    await page.locator('dialog[open] input').waitFor()
    await page.keyboard.type('zhangsan')
    await page.locator('[role=option][aria-selected=true]', { hasText: '张三' }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(new RegExp(`/app/patients/${ownPatient}$`))
    await settle(page)
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1')
    for (let presses = 0; presses < 30 && !(await isAt('Encounters')); presses += 1) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('tr[aria-rowindex="2"]').waitFor()
    for (let presses = 0; presses < 30; presses += 1) {
      if (await page.evaluate('document.activeElement.closest("tbody") !== null')) break
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('ArrowDown')
    await page.locator('tr[aria-rowindex="3"] a:focus').waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/encounter=/)
    await page.getByRole('complementary').getByRole('heading', { name: 'Measured' }).waitFor()
  })
}

async function tamper(stage: Stage): Promise<number> {
  return withDatabase(stage.databaseUrl, async (sql) => {
    const [row] = await sql.query<{ seq: number }>({
      text: `WITH touched AS (
               UPDATE audit.event SET payload = replace(payload, '"action":"', '"action" :"')
               WHERE id = (SELECT event_id FROM audit.seal WHERE seq = 5) RETURNING id)
             SELECT s.seq::int AS seq FROM audit.seal s JOIN touched t ON t.id = s.event_id`,
    })
    return row?.seq ?? -1
  })
}

async function watchesTheTrail(stage: Stage): Promise<void> {
  const context = await stage.open('compliance-he')
  await withPage(context, async () => {
    const page = await goTo(context, stage, '/audit')
    await page.getByLabel('Patient id').fill(ownPatient)
    await page.waitForURL(/patient=zhang-san/)
    await page.locator('[data-stale]').waitFor({ state: 'detached' })
    await page.locator('tbody tr', { hasText: 'Dr Chen Wei' }).first().waitFor()
    await page.locator('tbody tr td:first-child a').last().click()
    await page.getByRole('button', { name: 'Prove in this browser' }).click()
    await page.getByText(/The seal of this event is in the tree of \d+ events/).waitFor()
    await page.getByText(/The root is the one of checkpoint \d+, signed on/).waitFor()
    await page.getByRole('button', { name: 'Verify the whole trail' }).click()
    await page.getByText(/^Chain verified to #\d+$/).waitFor()
    assert.equal(await tamper(stage), 5)
    await page.getByRole('button', { name: 'Verify the whole trail' }).click()
    const alarm = page.getByRole('alert').filter({ hasText: 'The trail was touched' })
    await alarm.waitFor()
    assert.match(await textOf(alarm), /An event was changed\s*Place #5/)
  })
}

async function isRefused(stage: Stage): Promise<void> {
  for (const [persona, path] of [
    ['operator-sun', '/patients'],
    ['data-scientist-guo', `/patients/${ownPatient}`],
    ['compliance-he', `/patients/${ownPatient}`],
    ['dr-chen', '/audit'],
    ['zhang-san', '/patients/cohort-7-00000'],
  ] as const) {
    const context = await stage.open(persona)
    await withPage(context, async () => {
      const page = await goTo(context, stage, path)
      const words = await textOf(page.getByRole('alert').first())
      assert.match(words, /Your role may not see this|There is no such record/, `${persona} at ${path}`)
      await page.getByText('Technical details').first().click()
      assert.match(await textOf(page.getByRole('alert').first()), /Trace id [0-9a-f]{32}/)
    })
  }
}

async function ownRecord(stage: Stage): Promise<void> {
  await withPage(await stage.open('zhang-san', { widthPx: 390 }), async (page) => {
    await page.goto(`${stage.url}/app/`)
    await page.waitForURL(new RegExp(`/app/patients/${ownPatient}$`))
    await settle(page)
    const heights = await page.evaluate<number[]>(
      '[...document.querySelectorAll("header a, header button, nav a")].map((one) => one.getBoundingClientRect().height)',
    )
    assert.ok(Math.min(...heights.filter((height) => height > 0)) >= 26)
    const size = await page.evaluate<string>('getComputedStyle(document.querySelector("main")).fontSize')
    assert.equal(size, '17px')
  })
}

async function keepsNothing(stage: Stage): Promise<void> {
  const context = await stage.open('dr-chen')
  await withPage(context, async () => {
    const page = await goTo(context, stage, `/patients/${ownPatient}/timeline`)
    await page.getByRole('button', { name: '切换为中文' }).click()
    const kept = await page.evaluate<string[]>('Object.keys(localStorage).concat(Object.keys(sessionStorage))')
    const allowed = new Set(['xinglin.language', 'xinglin.colours'])
    const others = kept.filter((key) => !allowed.has(key) && !key.startsWith('tsr-scroll'))
    assert.deepEqual(others, [])
    const words = await page.evaluate<string>('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')
    assert.ok(!/张三|Penicillin|青霉素/.test(words), 'nothing about health is kept in the browser')
    assert.equal(await page.evaluate('navigator.serviceWorker.controller'), null)
    const cookies = await context.cookies()
    assert.ok(cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Strict'))
    await page.getByRole('button', { name: /账户/ }).click()
    await page.getByRole('button', { name: '退出登录' }).click()
    await page.waitForURL(/\/app\/sign-in/)
    await page.goto(`${stage.url}/app/patients/${ownPatient}`)
    await page.waitForURL(/\/app\/sign-in\?next=%2Fpatients%2Fzhang-san/)
    await page.locator('main button', { hasText: /Chen Wei|陈伟/ }).click()
    await page.waitForURL(new RegExp(`/app/patients/${ownPatient}$`))
  })
}

test('the console', options, async (t) => {
  const stage = await openStage()
  t.after(() => stage.close())
  await t.test('finds a patient by Chinese characters, pinyin and number, with filters in the address', () =>
    findsPatients(stage),
  )
  await t.test('pages through all patients, drawing only those in view', () => pagesThroughAll(stage))
  await t.test('shows a chart with a trend, in both languages and colours', () => readsTheChart(stage))
  await t.test('opens over 600 encounters soon', () => isFast(stage))
  await t.test('is used with the keyboard alone', () => goesByKeys(stage))
  await t.test('says what a role may not see, with a trace id', () => isRefused(stage))
  await t.test('shows patients their own record in large type', () => ownRecord(stage))
  await t.test('every screen in both languages, light and dark, wide and narrow', (screens) =>
    looksAtEveryScreen(screens, stage),
  )
  // Last: somebody is signed out, and the trail is touched.
  await t.test('keeps nothing about health in the browser, and ends with the session', () => keepsNothing(stage))
  await t.test('proves an event in the browser, and turns red at the exact row that was touched', () =>
    watchesTheTrail(stage),
  )
})
