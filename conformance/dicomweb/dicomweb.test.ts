// The DICOMweb checks against our own service, over a real port.
import { after, before, test } from 'node:test'
import { type ImagingUnderTest, imagingUnderTest } from '../../packages/platform/src/ai/imaging/under-test/service.ts'
import { checks } from './checks.ts'
import { type Client, createClient } from './client.ts'

const held: { service?: ImagingUnderTest; client?: Client } = {}
before(async () => {
  held.service = await imagingUnderTest()
  const origin = await held.service.app.listen({ host: '127.0.0.1', port: 0 })
  // The service itself wants the gateway's internal token; the fixture takes any.
  held.client = createClient({ base: `${origin}/dicom-web`, internalToken: 'test' })
})
after(() => held.service?.close())

for (const { name, source, run } of checks) {
  test(`${name} (${source})`, async () => {
    if (held.client === undefined) throw new Error('The service did not start')
    await run(held.client)
  })
}
