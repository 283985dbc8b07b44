// Makes the pictures of the READMEs from a running system after the demo, in English and Chinese: node scripts/pictures.ts
// Needs a Chromium; the pictures change with the console and are made anew when they no longer show what is there.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { goTo, noChromium, openStage, ownPatient, type Stage, settle } from '../e2e/console/stage.ts'

type Language = 'en' | 'zh'

/** One picture, in both languages. */
interface Picture {
  readonly name: string
  readonly persona: string
  readonly path: string
  readonly widthPx?: number
  /** What is done on the page before it is taken. */
  readonly prepare?: (page: Page) => Promise<void>
}

const seriesMs = 5000
const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))
const program = fileURLToPath(new URL('./xinglin.mjs', import.meta.url))

async function openFirst(page: Page): Promise<void> {
  await page.locator('main table a').first().click()
  await settle(page)
}

// The slices and the reading of a series come after the page.
async function openSeries(page: Page): Promise<void> {
  await openFirst(page)
  await page.waitForTimeout(seriesMs)
}

const pictures: readonly Picture[] = [
  { name: 'chart', persona: 'dr-chen', path: `/patients/${ownPatient}` },
  { name: 'triage', persona: 'zhang-san', path: '/triage', widthPx: 390 },
  { name: 'imaging', persona: 'dr-lin', path: '/imaging', prepare: openSeries },
  { name: 'federation', persona: 'data-scientist-guo', path: '/federations', prepare: openFirst },
  { name: 'traces', persona: 'operator-sun', path: '/traces?slow=100', prepare: openFirst },
  { name: 'audit', persona: 'compliance-he', path: '/audit' },
]

async function playDemo(stage: Stage): Promise<void> {
  const env = { ...process.env, XINGLIN_DATA: stage.dataFolder }
  const child = spawn(process.execPath, [program, 'demo', '--seed', '21', '--patients', '40'], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`The demo ended with ${code}`)
}

async function take(stage: Stage, picture: Picture, language: Language): Promise<void> {
  const { name, persona, path, prepare } = picture
  const context = await stage.open(persona, { language, widthPx: picture.widthPx ?? 1280 })
  try {
    const page = await goTo(context, stage, path)
    await prepare?.(page)
    await page.screenshot({ path: `${folder}${name}-${language}.png` })
    process.stdout.write(`${name}-${language}.png\n`)
  } finally {
    await context.close()
  }
}

if (noChromium !== false) throw new Error(noChromium)
await mkdir(folder, { recursive: true })
const stage = await openStage()
try {
  await playDemo(stage)
  for (const picture of pictures) {
    for (const language of ['en', 'zh'] as const) await take(stage, picture, language)
  }
} finally {
  await stage.close()
}
