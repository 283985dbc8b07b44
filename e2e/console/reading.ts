// A radiologist's way through the report panel: asks for a reading, follows it, decides about marks, signs; in both languages.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { createChestPhantom, phantomFiles, phantomUids } from '@xinglin/core/dicom/phantom'
import type { Page } from 'playwright-core'
import { screenFaults } from './checks.ts'
import { goTo, ownPatient, type Stage, settle } from './stage.ts'

const model = new URL('../../models/lung_nodule_unet/1/model.onnx', import.meta.url)
/** Why the reading is left out, and how to have it. */
export const noModel = existsSync(model) ? false : 'the model is not trained: npx xinglin train lung-nodule'
const phantom = createChestPhantom({
  ...{ seed: 9, size: 256, slices: 5, sliceMm: 6 },
  nodules: [{ diameterMm: 18, texture: 'solid', side: 'right' }],
})
const identity = { patientId: ownPatient, patientName: 'Zhang^San=张^三' }
const uids = phantomUids(phantom, identity)
const viewer = `/imaging/study?study=${uids.study}`

async function send(page: Page): Promise<void> {
  const files = [...phantomFiles(phantom, identity)].map(({ bytes }) => Buffer.from(bytes).toString('base64'))
  const status = await page.evaluate(async (all) => {
    const { csrfToken } = (await (await fetch('/auth/session')).json()) as { readonly csrfToken: string }
    const bytesOf = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
    const head = '--part\r\nContent-Type: application/dicom\r\n\r\n'
    const body = new Blob([...all.flatMap((text) => [head, bytesOf(text), '\r\n']), '--part--\r\n'])
    const type = 'multipart/related; type="application/dicom"; boundary=part'
    const headers = { 'content-type': type, 'x-csrf-token': csrfToken }
    return (await fetch('/dicom-web/studies', { method: 'POST', headers, body })).status
  }, files)
  assert.equal(status, 200)
}

async function reads(stage: Stage): Promise<void> {
  const context = await stage.open('dr-lin')
  const page = await goTo(context, stage, '/imaging')
  await send(page)
  await page.goto(`${new URL(page.url()).origin}/app${viewer}`)
  await settle(page)
  const panel = page.getByRole('region', { name: 'Nodule reading' })
  await panel.getByRole('button', { name: 'Read for nodules' }).click()
  await panel.getByRole('progressbar').waitFor()
  await panel.getByRole('button', { name: 'Sign the report' }).waitFor({ timeout: 300_000 })
  assert.match((await panel.textContent()) ?? '', /AI, not signed/)
  assert.ok(await panel.getByRole('button', { name: 'Sign the report' }).isDisabled())
  assert.deepEqual(await screenFaults(page, 'en'), [])
  await context.close()
}

async function showsInChinese(stage: Stage): Promise<void> {
  const context = await stage.open('dr-lin', { language: 'zh', widthPx: 390 })
  const page = await goTo(context, stage, viewer)
  await page.getByRole('button', { name: '签署报告' }).waitFor()
  assert.deepEqual(await screenFaults(page, 'zh'), [])
  await context.close()
}

async function clinicianOnlyLooks(stage: Stage): Promise<void> {
  const context = await stage.open('dr-chen')
  const page = await goTo(context, stage, viewer)
  const panel = page.getByRole('region', { name: 'Nodule reading' })
  await panel.getByText('Only a radiologist can decide and sign.').waitFor()
  assert.equal(await panel.getByRole('button', { name: /^Accept/ }).count(), 0)
  await context.close()
}

async function decidesAndSigns(stage: Stage): Promise<void> {
  const context = await stage.open('dr-lin')
  const page = await goTo(context, stage, viewer)
  const panel = page.getByRole('region', { name: 'Nodule reading' })
  await panel.getByRole('link', { name: 'Show nodule 1 in the images' }).click()
  await page.waitForURL((address) => address.searchParams.has('image'))
  await panel.getByRole('button', { name: 'Accept nodule 1', exact: true }).click()
  await panel.getByText(/1 accepted/).waitFor()
  for (;;) {
    const open = panel.locator('[data-decision=open] button').nth(1)
    if ((await open.count()) === 0) break
    const before = await panel.locator('[data-decision=open]').count()
    await open.click()
    await panel
      .locator('[data-decision=open]')
      .nth(before - 1)
      .waitFor({ state: 'detached' })
  }
  await panel.getByRole('textbox', { name: 'Conclusion' }).fill('One nodule of the right lung.')
  await panel.getByRole('button', { name: 'Sign the report' }).click()
  await panel.getByText(/^Signed by/).waitFor()
  assert.deepEqual(await screenFaults(page, 'en'), [])
  await context.close()
}

/** The way from a reading to a signature, each step in a test of its own. */
export async function readsAndSigns(t: TestContext, stage: Stage): Promise<void> {
  await t.test('asks for a reading and follows it to its draft', () => reads(stage))
  await t.test('shows the draft on a Chinese phone', () => showsInChinese(stage))
  await t.test('lets a clinician look only', () => clinicianOnlyLooks(stage))
  await t.test('decides about each mark and signs', () => decidesAndSigns(stage))
}
