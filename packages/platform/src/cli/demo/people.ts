// The people of the demo get their records, so that each finds something behind their login.
import { expectStatus, type Stage } from './stage.ts'
import { recordsOfZhangSan } from './zhang-san.ts'

const chapter = 'A day in the clinic'

const practitioners = [
  { id: 'dr-chen', family: '陈', given: '伟', latin: 'Chen Wei' },
  { id: 'dr-lin', family: '林', given: '月', latin: 'Lin Yue' },
  { id: 'pharmacist-wu', family: '吴', given: '敏', latin: 'Wu Min' },
]

const entryOf = (resource: { readonly resourceType: string; readonly id: string }) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
})

/** Stores the records of the demo's people. */
export async function playPeople(stage: Stage): Promise<void> {
  await stage.scene(chapter, 'the people of the demo get their records', async () => {
    const staff = practitioners.map(({ id, family, given, latin }) => ({
      resourceType: 'Practitioner',
      id,
      active: true,
      name: [
        { use: 'official', text: `${family}${given}`, family, given: [given] },
        { use: 'usual', text: latin },
      ],
    }))
    const entry = [...staff, ...recordsOfZhangSan].map(entryOf)
    const body = { resourceType: 'Bundle', type: 'transaction', entry }
    expectStatus(await stage.ask('/fhir', { method: 'POST', body, token: await stage.token('admin') }), 200)
    return `${entry.length} resources in one transaction; Zhang San now finds his own chart`
  })
}
