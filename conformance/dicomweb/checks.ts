// What a DICOMweb server must do (PS3.18 sections 10.4 to 10.6), each as one check that any server can be put to.
import assert from 'node:assert/strict'
import { type DicomJson, textOf } from '@xinglin/core/dicom/image'
import { createChestPhantom, phantomFiles, phantomUids } from '@xinglin/core/dicom/phantom'
import { type Client, partsOf } from './client.ts'

/** One check. */
export interface Check {
  readonly name: string
  /** Where the standard says it. */
  readonly source: string
  /** True for what the standard leaves open and we promise. */
  readonly isOurs?: boolean
  readonly run: (client: Client) => Promise<void>
}

const phantom = createChestPhantom({ seed: 77, size: 64, slices: 6 })
const identity = { patientId: 'CONFORMANCE-1', patientName: 'Conformance^Chest', occasion: process.pid }
const { study, series } = phantomUids(phantom, identity)
const files = [...phantomFiles(phantom, identity)]
const seriesPath = `/studies/${study}/series/${series}`
const instancePath = (index: number): string => `${seriesPath}/instances/${files[index]?.sopInstanceUid}`
const bytesOf = (index: number): Buffer => Buffer.from(files[index]?.bytes ?? [])
const asStored = 'multipart/related; type="application/dicom"; transfer-syntax=*'

const isJson = (type: string): boolean => type.includes('json')
const lengthOf = (body: unknown, tag: string): number => (body as DicomJson)[tag]?.Value?.length ?? 0

/** The checks, in the order in which they build on each other. */
export const checks: readonly Check[] = [
  {
    name: 'stores objects and names each of them',
    source: '10.5.3',
    async run(client) {
      const reply = await client.store(files.map(({ bytes }) => bytes))
      assert.ok([200, 202].includes(reply.status), `status ${reply.status}`)
      assert.equal(lengthOf(reply.json(), '00081199'), files.length)
    },
  },
  {
    name: 'takes what it has already once more',
    source: '10.5.3',
    async run(client) {
      assert.ok([200, 202].includes((await client.store([bytesOf(0)])).status))
      assert.equal((await client.search(`${seriesPath}/instances`)).length, files.length)
    },
  },
  {
    name: 'refuses a body that is no DICOM',
    source: '10.5.3',
    async run(client) {
      const reply = await client.store([Buffer.from('this is no DICOM object')])
      assert.ok(reply.status >= 400 && reply.status < 500, `status ${reply.status}`)
    },
  },
  {
    name: 'refuses another media type with 415',
    source: '10.5.3',
    async run(client) {
      assert.equal((await client.post('/studies', 'text/plain', 'x')).status, 415)
    },
  },
  {
    name: 'refuses other bytes under a known UID and keeps the first',
    source: 'PS3.18 table 10.5.3-1',
    isOurs: true,
    async run(client) {
      const changed = bytesOf(1)
      changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1
      const reply = await client.store([changed])
      assert.equal(reply.status, 409)
      assert.equal(lengthOf(reply.json(), '00081198'), 1)
      const [kept] = partsOf(await client.get(instancePath(1), asStored))
      assert.ok(kept?.equals(bytesOf(1)))
    },
  },
  {
    name: 'finds the study by its keys, with wildcards and ranges',
    source: '10.6.1',
    async run(client) {
      const [found] = await client.search(`/studies?StudyInstanceUID=${study}`)
      assert.ok(found)
      const date = textOf(found, '00080020')
      for (const query of [
        `PatientID=CONFORMANCE-1`,
        'PatientName=Conform*',
        `StudyDate=${date}-${date}`,
        '00100020=CONFORMANCE-*',
      ]) {
        const studies = await client.search(`/studies?${query}`)
        assert.ok(
          studies.some((one) => textOf(one, '0020000D') === study),
          query,
        )
      }
    },
  },
  {
    name: 'answers the required attributes of each level',
    source: 'tables 10.6.3-3 to 10.6.3-5',
    async run(client) {
      const demanded: readonly (readonly [string, readonly string[]])[] = [
        [
          `/studies?StudyInstanceUID=${study}`,
          ['00080020', '00100010', '00100020', '0020000D', '00201206', '00201208'],
        ],
        [`/studies/${study}/series`, ['00080060', '0020000E', '00201209']],
        [`${seriesPath}/instances`, ['00080016', '00080018', '00200013']],
      ]
      for (const [path, tags] of demanded) {
        const [first = {}] = await client.search(path)
        for (const tag of tags) assert.ok(tag in first, `${path} lacks ${tag}`)
      }
    },
  },
  {
    name: 'pages with limit and offset',
    source: '8.3.4.4',
    async run(client) {
      const first = await client.search(`${seriesPath}/instances?limit=4`)
      const rest = await client.search(`${seriesPath}/instances?limit=4&offset=4`)
      const uids = new Set([...first, ...rest].map((one) => textOf(one, '00080018')))
      assert.deepEqual([first.length, rest.length, uids.size], [4, 2, 6])
    },
  },
  {
    name: 'includes a field that is asked for',
    source: '8.3.4.3',
    async run(client) {
      const [found = {}] = await client.search(`${seriesPath}/instances?limit=1&includefield=00180050`)
      assert.ok('00180050' in found)
    },
  },
  {
    name: 'writes tags in ascending order',
    source: 'F.2.2',
    isOurs: true,
    async run(client) {
      const [first = {}] = (await client.get(`${instancePath(0)}/metadata`)).json() as readonly DicomJson[]
      const tags = Object.keys(first)
      assert.deepEqual(tags, tags.toSorted())
    },
  },
  {
    name: 'gives back the bytes that were stored',
    source: '10.4',
    async run(client) {
      const parts = partsOf(await client.get(seriesPath, asStored))
      assert.equal(parts.length, files.length)
      const [one] = partsOf(await client.get(instancePath(2), asStored))
      assert.ok(one?.subarray(-4096).equals(bytesOf(2).subarray(-4096)))
    },
  },
  {
    name: 'gives metadata without pixels at each level',
    source: '10.4.1.1.2',
    async run(client) {
      for (const [path, count] of [
        [instancePath(0), 1],
        [seriesPath, 6],
        [`/studies/${study}`, 6],
      ] as const) {
        const reply = await client.get(`${path}/metadata`)
        assert.ok(reply.status === 200 && isJson(reply.type), path)
        const all = reply.json() as readonly DicomJson[]
        assert.equal(all.length, count)
        assert.equal(all[0]?.['7FE00010']?.InlineBinary, undefined)
      }
    },
  },
  {
    name: 'gives the pixels of a frame, and 404 for one that is not there',
    source: '10.4.1.1.6',
    async run(client) {
      const [frame] = partsOf(
        await client.get(`${instancePath(0)}/frames/1`, 'multipart/related; type="application/octet-stream"'),
      )
      assert.ok(frame?.equals(bytesOf(0).subarray(-64 * 64 * 2)))
      const missing = await client.get(
        `${instancePath(0)}/frames/9`,
        'multipart/related; type="application/octet-stream"',
      )
      assert.ok(missing.status >= 400 && missing.status < 500, `status ${missing.status}`)
    },
  },
  {
    name: 'renders a frame as JPEG',
    source: '10.4.1.1.3',
    async run(client) {
      const reply = await client.get(`${instancePath(0)}/rendered`, 'image/jpeg')
      assert.deepEqual([reply.status, reply.bytes.readUInt16BE(0)], [200, 0xffd8])
    },
  },
  {
    name: 'answers 404 for what is not there',
    source: '10.4.3',
    async run(client) {
      for (const path of ['/studies/1.2.3.4.5/metadata', `${seriesPath}/instances/1.2.3/metadata`]) {
        assert.equal((await client.get(path)).status, 404, path)
      }
    },
  },
  {
    name: 'answers 406 for a type that it does not serve',
    source: '8.7.5',
    isOurs: true,
    async run(client) {
      assert.equal((await client.get(instancePath(0), 'application/pdf')).status, 406)
    },
  },
  {
    name: 'refuses search parameters that it does not know',
    source: '8.3.4.1',
    isOurs: true,
    async run(client) {
      assert.equal((await client.get('/studies?Colour=red')).status, 400)
      assert.equal((await client.get('/studies?StudyDate=yesterday')).status, 400)
    },
  },
]
