// Whose a study is: found by identifier, never against birth date or sex; told once; linked and unlinked by hand.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { drawnSeries, type ImagingUnderTest, imagingUnderTest } from '../under-test/service.ts'
import { findPatient } from './find-patient.ts'
import type { StudySummary } from './study-store.ts'

let service: ImagingUnderTest
before(async () => {
  service = await imagingUnderTest()
})
after(() => service.close())

async function studyOf(patientId: string): Promise<StudySummary> {
  const { studies } = (await service.ask(`/api/v1/imaging/studies?text=${patientId}`)).json() as {
    studies: readonly StudySummary[]
  }
  const [study] = studies
  assert.ok(study)
  return study
}

test('announces a study once for all images of a request, with the patient that was found', async () => {
  service.patients.set('MRN-10', { id: 'p10' })
  await service.store(drawnSeries(10, 'MRN-10').map(({ bytes }) => bytes))
  const { studyInstanceUid } = await studyOf('MRN-10')
  const { payload } = await service.untilAnnounced(studyInstanceUid, 3)
  assert.equal(payload['patient'], 'p10')
  assert.equal((payload['seriesList'] as readonly unknown[]).length, 1)
  assert.equal(service.announced.filter((event) => event.payload['studyInstanceUid'] === studyInstanceUid).length, 1)
  assert.equal((await studyOf('MRN-10')).linkState, 'linked')
})

test('announces a study anew when more images come, and when all are deleted', async () => {
  const files = drawnSeries(11, 'MRN-11', 4).map(({ bytes }) => bytes)
  service.patients.set('MRN-11', { id: 'p11' })
  await service.store(files.slice(0, 2))
  const { studyInstanceUid: uid } = await studyOf('MRN-11')
  await service.untilAnnounced(uid, 2)
  await service.store(files)
  await service.untilAnnounced(uid, 4)
  await service.ask(`/dicom-web/studies/${uid}`, { method: 'DELETE', role: 'admin' })
  const { payload } = await service.untilAnnounced(uid, 0)
  assert.equal(payload['patient'], 'p11')
  const left = await service.sql.query({ text: 'SELECT 1 FROM imaging.study WHERE study_uid = $1', values: [uid] })
  assert.equal(left.length, 0)
})

test('leaves a study unassigned until somebody says whose it is', async () => {
  await service.store(drawnSeries(12, 'MRN-12').map(({ bytes }) => bytes))
  const { studyInstanceUid: uid } = await studyOf('MRN-12')
  const { payload } = await service.untilAnnounced(uid, 3)
  assert.deepEqual([payload['patient'], payload['linkReason']], [null, 'unknown'])
  const path = `/api/v1/imaging/studies/${uid}/patient`
  const put = (patient: string, role: 'radiologist' | 'pharmacist' = 'radiologist') =>
    service.ask(path, { method: 'PUT', role, payload: { patient } })
  assert.equal((await put('p10', 'pharmacist')).status, 403)
  assert.equal((await put('nobody')).status, 422)
  assert.equal((await put('no such id!')).status, 400)
  assert.equal((await put('p10')).status, 200)
  assert.deepEqual([(await studyOf('MRN-12')).patient, (await studyOf('MRN-12')).linkState], ['p10', 'linked'])
  assert.equal((await service.ask(path, { method: 'DELETE' })).status, 200)
  const after = await studyOf('MRN-12')
  assert.deepEqual([after.patient, after.linkState, after.linkReason], [null, 'unassigned', 'by-hand'])
})

test('joins nobody whose birth date or sex contradicts', async () => {
  const call = (patient: object) => () => async () => Response.json({ entry: [{ resource: { id: 'p', ...patient } }] })
  const study = { patientId: 'M', birthDate: '19800102', sex: 'F' }
  assert.deepEqual(await findPatient(call({}), study), { patient: 'p' })
  assert.deepEqual(await findPatient(call({ birthDate: '1980-01-02', gender: 'female' }), study), { patient: 'p' })
  assert.deepEqual(await findPatient(call({ birthDate: '1980' }), study), { patient: 'p' })
  assert.deepEqual(await findPatient(call({ birthDate: '1981-01-02' }), study), { reason: 'birth-date-differs' })
  assert.deepEqual(await findPatient(call({ gender: 'male' }), study), { reason: 'sex-differs' })
  assert.deepEqual(await findPatient(call({}), { ...study, patientId: '' }), { reason: 'no-identifier' })
  const two = () => async () => Response.json({ entry: [{ resource: { id: 'a' } }, { resource: { id: 'b' } }] })
  assert.deepEqual(await findPatient(two, study), { reason: 'ambiguous' })
  const failing = () => async () => new Response('', { status: 503 })
  await assert.rejects(findPatient(failing, study), /503/)
})

test('asks the records for no id that is a part of an address', async () => {
  const asked: string[] = []
  const call = () => async (path: string) => {
    asked.push(path)
    return Response.json({ resourceType: 'Bundle', id: 'b', entry: [] })
  }
  for (const patientId of ['.', '..', '../x', 'a/b']) {
    assert.deepEqual(await findPatient(call, { patientId, birthDate: '', sex: '' }), { reason: 'unknown' }, patientId)
  }
  assert.deepEqual(
    asked.filter((path) => !path.startsWith('/fhir/Patient?')),
    [],
  )
})

test('shows nothing of a patient who withholds the studies, by whatever address, and all of it to the patient', async () => {
  service.patients.set('MRN-40', { id: 'p40' })
  await service.store(drawnSeries(40, 'MRN-40').map(({ bytes }) => bytes))
  const { studyInstanceUid: uid } = await studyOf('MRN-40')
  await service.untilAnnounced(uid, 3)
  service.withholding.add('p40')
  const addresses = [
    `/api/v1/imaging/studies/${uid}`,
    `/dicom-web/studies/${uid}`,
    `/dicom-web/studies/${uid}/metadata`,
  ]
  for (const address of addresses) assert.equal((await service.ask(address)).status, 404, address)
  for (const list of ['/api/v1/imaging/studies', '/dicom-web/studies', '/dicom-web/series', '/dicom-web/instances']) {
    assert.ok(!(await service.ask(list)).bytes.includes(uid), list)
  }
  const link = { method: 'PUT', payload: { patient: 'p10' } } as const
  assert.equal((await service.ask(`/api/v1/imaging/studies/${uid}/patient`, link)).status, 404)
  const own = { role: 'patient', patient: 'p40' } as const
  assert.equal((await service.ask(`/dicom-web/studies/${uid}/metadata`, own)).status, 200)
  service.withholding.delete('p40')
  assert.equal((await service.ask(`/dicom-web/studies/${uid}/metadata`)).status, 200)
})

test('shows the other studies of a patient who withholds a single one, and nobody withholds those of others', async () => {
  const { studyInstanceUid: uid } = await studyOf('MRN-40')
  const metadata = `/dicom-web/studies/${uid}/metadata`
  service.withholding.add('p40/1.2.3').add(`p10/${uid}`)
  assert.equal((await service.ask(metadata)).status, 200)
  service.withholding.add(`p40/${uid}`)
  for (const address of [metadata, `/api/v1/imaging/studies/${uid}`]) {
    assert.equal((await service.ask(address)).status, 404, address)
  }
  for (const list of ['/api/v1/imaging/studies', '/dicom-web/studies', '/dicom-web/series']) {
    assert.ok(!(await service.ask(list)).bytes.includes(uid), list)
  }
  service.withholding.clear()
  assert.equal((await service.ask(metadata)).status, 200)
})

test('an emergency stands in the trail, also right after the same study was read without one', async () => {
  const { studyInstanceUid: uid } = await studyOf('MRN-40')
  const address = `/dicom-web/studies/${uid}/metadata`
  const reads = () => service.audits.filter(({ entities }) => entities?.includes(`ImagingStudy/${uid}`) === true)
  await service.ask(address)
  const before = reads().length
  for (const how of [{}, { emergency: 'found unconscious' }, { emergency: 'found unconscious' }]) {
    assert.equal((await service.ask(address, how)).status, 200)
  }
  assert.deepEqual(
    reads()
      .slice(before)
      .map(({ caller }) => caller?.reason),
    ['found unconscious'],
  )
})
