// Every screen of the console in both languages, light and dark, on a desk and on a phone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { accessibilityFaults, clippedTexts, contrastFaults, englishSentences } from './console/checks.ts'
import { busyPatient, goTo, noChromium, openStage, type Stage } from './console/stage.ts'

interface Screen {
  readonly name: string
  readonly persona: string | undefined
  readonly path: string
  /** What is done before the screen is looked at. */
  readonly prepare?: (page: Page) => Promise<unknown>
}

const chart = `/patients/${busyPatient}`
const chen = 'dr-chen'
const he = 'compliance-he'
const screens: readonly Screen[] = [
  { name: 'sign-in', persona: undefined, path: '/sign-in' },
  { name: 'patients', persona: chen, path: '/patients' },
  { name: 'patients, none found', persona: chen, path: '/patients?q=nobodyatall' },
  { name: 'summary', persona: chen, path: chart },
  { name: 'timeline', persona: chen, path: `${chart}/timeline` },
  { name: 'conditions', persona: chen, path: `${chart}/conditions` },
  { name: 'results', persona: chen, path: `${chart}/results` },
  { name: 'one test', persona: chen, path: `${chart}/results?code=${encodeURIComponent('http://loinc.org|85354-9')}` },
  { name: 'medications', persona: 'pharmacist-wu', path: `${chart}/medications` },
  { name: 'encounters', persona: chen, path: `${chart}/encounters` },
  { name: 'one encounter', persona: chen, path: `${chart}/encounters?encounter=${busyPatient}-v0` },
  { name: 'own record', persona: 'zhang-san', path: '/' },
  { name: 'no such patient', persona: chen, path: '/patients/nobody' },
  { name: 'forbidden patients', persona: 'operator-sun', path: '/patients' },
  { name: 'forbidden trail', persona: chen, path: '/audit' },
  { name: 'audit trail', persona: he, path: '/audit' },
  { name: 'one event', persona: he, path: '/audit?event=1' },
  { name: 'system', persona: 'data-scientist-guo', path: '/system' },
  { name: 'no such page', persona: chen, path: '/nowhere' },
  {
    name: 'command bar',
    persona: chen,
    path: '/patients',
    prepare: async (page) => {
      await page.keyboard.press('Control+k')
      await page.locator('dialog input').fill('zhang')
      await page.locator('[role=option] >> nth=2').waitFor()
    },
  },
]
const widths = [1280, 390] as const

async function look(stage: Stage, screen: Screen, language: 'en' | 'zh'): Promise<readonly string[]> {
  const context = await stage.open(screen.persona, { language })
  try {
    const page = await goTo(context, stage, screen.path)
    await screen.prepare?.(page)
    const faults: string[] = []
    for (const width of widths) {
      await page.setViewportSize({ width, height: 844 })
      // Dark differs from light in nothing but its colours.
      await page.emulateMedia({ colorScheme: 'light' })
      faults.push(...(await accessibilityFaults(page)).map((fault) => `${language} ${width} light: ${fault}`))
      faults.push(...(await clippedTexts(page)).map((text) => `${language} ${width}: cut off: ${text}`))
      await page.emulateMedia({ colorScheme: 'dark' })
      faults.push(...(await contrastFaults(page)).map((fault) => `${language} ${width} dark: ${fault}`))
    }
    if (language === 'zh') faults.push(...(await englishSentences(page)).map((text) => `English: ${text}`))
    return faults
  } finally {
    await context.close()
  }
}

const faulty = `document.querySelector('main').insertAdjacentHTML('beforeend',
  '<p style="color:#ccc;background:#fff">These are English words</p>' +
  '<button style="width:30px;overflow:hidden;white-space:nowrap">Cut off here</button>' +
  '<div style="width:3000px">.</div>')`

async function findsFaults(stage: Stage): Promise<void> {
  const context = await stage.open(undefined, { language: 'zh' })
  const page = await goTo(context, stage, '/sign-in')
  await page.evaluate(faulty)
  assert.match((await accessibilityFaults(page)).join(), /color-contrast/)
  assert.match((await contrastFaults(page)).join(), /color-contrast/)
  assert.match((await clippedTexts(page)).join(), /BUTTON Cut off here.*wider than the window/)
  assert.match((await englishSentences(page)).join(), /These are English words/)
  await context.close()
}

test('every screen in 2 languages × 2 colours × 2 widths', { skip: noChromium, timeout: 280_000 }, async (t) => {
  const stage = await openStage()
  t.after(() => stage.close())
  await t.test('the checks find what they look for', () => findsFaults(stage))
  for (const screen of screens) {
    await t.test(`${screen.name}: accessible, nothing cut off, no English in Chinese`, async () => {
      const found = await Promise.all([look(stage, screen, 'en'), look(stage, screen, 'zh')])
      assert.deepEqual(found.flat(), [])
    })
  }
})
