// Searching: every kind of key at every level, pages, fields, refusals, and that a patient sees nobody else's studies.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { DicomJson } from '@xinglin/core/dicom'
import { drawnSeries, type ImagingUnderTest, imagingUnderTest } from '../under-test/service.ts'

let service: ImagingUnderTest
before(async () => {
  service = await imagingUnderTest()
  service.patients.set('MRN-1', { id: 'p1' })
  await service.store([...drawnSeries(1, 'MRN-1', 3), ...drawnSeries(2, 'MRN-2', 2)].map(({ bytes }) => bytes))
})
after(() => service.close())

async function find(query: string): Promise<readonly DicomJson[]> {
  const answer = await service.ask(`/dicom-web/${query}`)
  if (answer.status === 204) return []
  assert.equal(answer.status, 200, query + answer.bytes)
  return answer.json() as readonly DicomJson[]
}

const count = async (query: string): Promise<number> => (await find(query)).length

test('finds studies by every kind of key', async () => {
  const [study] = await find('studies?PatientID=MRN-1')
  const date = String(study?.['00080020']?.Value?.[0])
  const uid = String(study?.['0020000D']?.Value?.[0])
  const found: readonly (readonly [string, number])[] = [
    ['studies', 2],
    ['studies?PatientID=MRN-*', 2],
    ['studies?00100020=MRN-?', 2],
    ['studies?PatientID=mrn-1', 0],
    ['studies?PatientName=zhang*', 2],
    [`studies?PatientName=${encodeURIComponent('张*')}`, 2],
    ['studies?PatientName=wang*', 0],
    [`studies?StudyDate=${date}`, 2],
    [`studies?StudyDate=${date}-`, 2],
    ['studies?StudyDate=-19991231', 0],
    ['studies?StudyDate=20000101-21001231', 2],
    ['studies?StudyTime=00-2359', 2],
    ['studies?ModalitiesInStudy=CT', 2],
    ['studies?ModalitiesInStudy=M*', 0],
    [`studies?StudyInstanceUID=${uid},1.2.3`, 1],
    [`studies?StudyInstanceUID=${uid}%5C1.2.3`, 1],
    ['studies?StudyInstanceUID=', 2],
    ['studies?PatientID=%25', 0],
    ['series?Modality=CT', 2],
    ['series?SeriesNumber=1&PatientID=MRN-2', 1],
    [`studies/${uid}/series`, 1],
    ['instances', 5],
    [`studies/${uid}/instances`, 3],
    ['instances?InstanceNumber=1', 2],
    ['instances?InstanceNumber=-1', 0],
    ['studies/1.2.3/series', 0],
  ]
  for (const [query, expected] of found) assert.equal(await count(query), expected, query)
})

test('answers the attributes of the level and of those above, in the order of their tags', async () => {
  const [instance] = await find('instances?PatientID=MRN-1')
  const tags = Object.keys(instance ?? {})
  assert.deepEqual(tags, tags.toSorted())
  for (const tag of ['00080018', '00080060', '00100010', '0020000D', '00201208', '00201209', '00280010']) {
    assert.ok(tags.includes(tag), tag)
  }
  const address = String(instance?.['00081190']?.Value?.[0])
  const [, study, series] = /studies\/([\d.]+)\/series\/([\d.]+)/.exec(address) ?? []
  const [narrow] = await find(`studies/${study}/series/${series}/instances?limit=1`)
  assert.equal('00100010' in (narrow ?? {}), false)
  assert.equal('00080060' in (narrow ?? {}), false)
})

test('includes fields that are asked for', async () => {
  const [instance] = await find('instances?limit=1&includefield=SliceThickness,00281052')
  assert.ok(Number(instance?.['00180050']?.Value?.[0]) > 0)
  assert.deepEqual(instance?.['00281052']?.Value, [-1024])
  const [everything] = await find('instances?limit=1&includefield=all')
  assert.ok('00200032' in (everything ?? {}))
  const [study] = await find('studies?limit=1&includefield=BodyPartExamined')
  assert.ok('00180015' in (study ?? {}))
})

test('pages, and says when there is more', async () => {
  const first = await service.ask('/dicom-web/instances?limit=2')
  assert.match(String(first.headers['warning']), /299 .*additional results/)
  const rest = await service.ask('/dicom-web/instances?limit=3&offset=2')
  assert.equal(rest.headers['warning'], undefined)
  const uids = [...(first.json() as readonly DicomJson[]), ...(rest.json() as readonly DicomJson[])].map(
    (one) => one['00080018']?.Value?.[0],
  )
  assert.equal(new Set(uids).size, 5)
  const fuzzy = await service.ask('/dicom-web/studies?fuzzymatching=true')
  assert.match(String(fuzzy.headers['warning']), /fuzzymatching/)
})

test('answers 204 where nothing matches', async () => {
  const answer = await service.ask('/dicom-web/studies?PatientID=nobody')
  assert.deepEqual([answer.status, answer.bytes.length], [204, 0])
})

test('refuses what it does not understand, in words', async () => {
  const cases: readonly (readonly [number, string])[] = [
    [400, 'studies?Colour=red'],
    [400, 'studies?Modality=CT'],
    [400, 'studies?InstanceNumber=1'],
    [400, 'studies?StudyDate=yesterday'],
    [400, 'studies?StudyDate=20240101-20240201-20240301'],
    [400, 'studies?StudyTime=25:99:99:99'],
    [400, 'series?SeriesNumber=one'],
    [400, 'studies?limit=0'],
    [400, 'studies?limit=ten'],
    [400, 'studies?offset=-1'],
    [400, 'studies?includefield=Colour'],
    [400, `studies?StudyInstanceUID=${encodeURIComponent("1' OR '1'='1")}`],
    [400, `studies?PatientName=${'x'.repeat(5000)}`],
    [400, 'studies/not-a-uid/series'],
  ]
  for (const [status, query] of cases) {
    const answer = await service.ask(`/dicom-web/${query}`)
    assert.equal(answer.status, status, query)
    assert.match(String(answer.headers['content-type']), /problem\+json/)
  }
  assert.equal((await service.ask('/dicom-web/studies', { accept: 'text/html' })).status, 406)
  assert.equal((await service.ask('/dicom-web/studies', { accept: 'application/json' })).status, 200)
})

test('shows a patient the own studies only, on every address', async () => {
  const [other] = await find('studies?PatientID=MRN-2')
  const [own] = await find('studies?PatientID=MRN-1')
  const uid = (study: DicomJson | undefined) => String(study?.['0020000D']?.Value?.[0])
  await service.untilAnnounced(uid(own), 3)
  const bound = { role: 'patient', patient: 'p1' } as const
  const seen = (await service.ask('/dicom-web/studies', bound)).json() as readonly DicomJson[]
  assert.deepEqual(seen.map(uid), [uid(own)])
  for (const path of ['', '/metadata', '/thumbnail']) {
    assert.equal((await service.ask(`/dicom-web/studies/${uid(other)}${path}`, bound)).status, 404, path)
  }
  assert.equal((await service.ask(`/dicom-web/studies/${uid(other)}/instances`, bound)).status, 204)
  assert.equal((await service.ask(`/dicom-web/studies/${uid(own)}/metadata`, bound)).status, 200)
  assert.equal((await service.ask(`/api/v1/imaging/studies/${uid(other)}`, bound)).status, 404)
  const scoped = { role: 'clinician', patient: 'p1', scopes: ['patient/*.rs'] } as const
  assert.equal(((await service.ask('/dicom-web/studies', scoped)).json() as readonly unknown[]).length, 1)
  for (const role of ['pharmacist', 'operator', 'data-scientist', 'frontend'] as const) {
    assert.equal((await service.ask('/dicom-web/studies', { role })).status, 403, role)
  }
  assert.equal((await service.ask('/dicom-web/studies', { scopes: ['user/Observation.rs'] })).status, 403)
})
