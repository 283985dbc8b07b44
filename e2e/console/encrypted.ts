// The whole way of an encrypted number on the screen: context, contribution, computation, and the result read on one's own machine.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { publicPartOf, tutorialChoice, writeTensealContext } from '@xinglin/core/ckks'
import type { Locator, Page } from 'playwright-core'
import { makeOwnKeys, openOwnContext } from '../../packages/platform/src/cli/private/own-keys.ts'

async function sendFile(form: Locator, bytes: Uint8Array): Promise<void> {
  const file = { name: 'a.tenseal', mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) }
  await form.locator('input[type=file]').setInputFiles(file)
  await form.locator('button[type=submit]').click()
}

/** Sends a secret key (refused), a public context and an encrypted 35; has 35 · 0.5 + 10 computed and decrypts 27.50. */
export async function computeEncrypted(page: Page): Promise<void> {
  const secret = await makeOwnKeys(tutorialChoice, [], 3)
  const own = await openOwnContext(secret)
  const forms = page.locator('main form')
  try {
    await sendFile(forms.nth(0), writeTensealContext(secret))
    await page.getByRole('alert').waitFor()
    const known = await page.locator('main table a').count()
    await sendFile(forms.nth(0), writeTensealContext(publicPartOf(secret)))
    await page.locator('main table a').nth(known).waitFor()
    await page.locator('main table a').first().click() // the newest one
    await sendFile(forms.nth(1), own.encrypt([35]))
    await forms.nth(2).locator('button[type=submit]').click()
    const link = page.locator('main a[download]')
    await link.waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
    const bytes = new Uint8Array(await readFile(await download.path()))
    assert.equal(own.decrypt(bytes)[0]?.toFixed(2), '27.50')
    await page.evaluate('scrollTo(0, 0)') // else the bar at the top may cover half of something
  } finally {
    own.close()
  }
}
