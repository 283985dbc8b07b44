// A patient withholds the record from pharmacists; one of them breaks the glass; the patient and compliance see it.
import type { Page } from 'playwright-core'
import { settle } from './stage.ts'

const reason = '患者昏迷，用药不明'

/** On the patient's own page: withholds from pharmacists and saves. */
export const withholdFromPharmacists = (page: Page): Promise<void> => withholdFrom(page, 'pharmacist')

/** On the patient's own page: withholds from a group of staff, or no longer, and saves. */
export async function withholdFrom(page: Page, group: string, isWithheld = true): Promise<void> {
  const box = page.locator(`form input[type=checkbox][value=${group}]`)
  await box.waitFor()
  await box.setChecked(isWithheld)
  await page.locator('form button[type=submit]').click()
  await page.locator('form [role=status]', { hasText: /^(Saved|已保存)/ }).waitFor()
}

/** In the chart: the notice stands, nothing is shown, and the form asks for the reason. */
export async function askToBreakGlass(page: Page): Promise<void> {
  await page.getByText(/No allergies recorded|未记录过敏/).waitFor()
  await page.getByRole('button', { name: /^(Break the glass|启用紧急访问)$/ }).click()
  await page.locator('form input').waitFor()
  await settle(page)
}

/** Breaks the glass: the allergy is shown, with the time until which it is. */
export async function breakTheGlass(page: Page): Promise<void> {
  await askToBreakGlass(page)
  await page.locator('form input').fill(reason)
  await page.locator('form button[type=submit]').click()
  await page.getByRole('button', { name: /^(End emergency access|结束紧急访问)$/ }).waitFor()
  await page
    .getByText(/penicillin|青霉素/i)
    .first()
    .waitFor()
  await settle(page)
}

/** On the patient's own page: who broke the glass. */
export async function whoBrokeGlass(page: Page): Promise<void> {
  await page.getByText(reason).first().waitFor()
}
