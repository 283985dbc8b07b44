// Images that find their patient: a study of somebody unknown waits, is linked by hand, found, shown, stored once, and hidden from others.
import { setTimeout as delay } from 'node:timers/promises'
import { createChestPhantom, type PhantomIdentity, phantomFiles, phantomUids } from '@xinglin/core/dicom/phantom'
import { AppError } from '@xinglin/core/errors'
import { expectStatus, type Stage } from './stage.ts'

const chapter = 'Images that find their patient'
const boundary = 'xinglin-demo'
const patienceMs = 20_000
const lookEveryMs = 100

// An identifier that no record has: the wards of two hospitals number their patients differently.
const stranger: PhantomIdentity = {
  patientId: 'OTHER-HOSPITAL-77',
  patientName: 'Zhang^San=张^三',
  birthDate: '19900101',
  sex: 'M',
  studyDate: '20260601',
}

interface Sent {
  readonly status: number
  readonly stored: number
}

async function store(stage: Stage, files: readonly Uint8Array[]): Promise<Sent> {
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`)
  const body = Buffer.concat([
    ...files.flatMap((file) => [head, file, Buffer.from('\r\n')]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
  const answer = await fetch(`${stage.addresses.gatewayUrl}/dicom-web/studies`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await stage.token('radiologist')}`,
      'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
    },
    body,
    signal: AbortSignal.timeout(60_000),
  })
  const answered = (await answer.json()) as Readonly<Record<string, { readonly Value?: readonly unknown[] }>>
  return { status: answer.status, stored: answered['00081199']?.Value?.length ?? 0 }
}

async function settled(stage: Stage, study: string, state: string): Promise<Readonly<Record<string, unknown>>> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookEveryMs) {
    const token = await stage.token('radiologist')
    const answer = await stage.ask(`/api/v1/imaging/studies/${study}`, { token })
    if (answer.status === 200 && answer.body['linkState'] === state) return answer.body
    await delay(lookEveryMs)
  }
  throw new AppError('timeout', `The study did not become ${state}`)
}

async function recordOf(stage: Stage, study: string): Promise<string> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookEveryMs) {
    const answer = await stage.ask(`/fhir/ImagingStudy/${study}`, { token: await stage.token('clinician') })
    if (answer.status === 200 && answer.body['status'] === 'available') return String(answer.body['numberOfInstances'])
    await delay(lookEveryMs)
  }
  throw new AppError('timeout', 'The EMR did not write the ImagingStudy')
}

async function findAndShow(stage: Stage, study: string): Promise<string> {
  const token = await stage.token('radiologist')
  const found = await stage.ask('/dicom-web/studies?PatientName=zhang*&ModalitiesInStudy=CT&StudyDate=20260601', {
    token,
  })
  expectStatus(found, 200)
  const headers = { accept: 'image/png' }
  const shown = await stage.ask(`/dicom-web/studies/${study}/thumbnail?window=-600,1500,linear`, { token, headers })
  expectStatus(shown, 200)
  return `found by name in any of its spellings; a thumbnail of ${shown.headers.get('content-length')} bytes in the lung window`
}

/** Plays the chapter; Zhang San's records must be there. */
export async function playImages(stage: Stage): Promise<void> {
  const phantom = createChestPhantom({ seed: 21, size: 128, slices: 12 })
  const files = [...phantomFiles(phantom, stranger)].map(({ bytes }) => bytes)
  const { study } = phantomUids(phantom, stranger)
  await stage.scene(chapter, 'a CT comes with an identifier that nobody has', async () => {
    const { status, stored } = await store(stage, files)
    if (status !== 200) throw new AppError('internal', `STOW answered ${status}`)
    const token = await stage.token('radiologist')
    // From an earlier run it may be linked already: it starts anew.
    await stage.ask(`/api/v1/imaging/studies/${study}/patient`, { method: 'DELETE', token })
    const { linkReason } = await settled(stage, study, 'unassigned')
    return `${stored} images stored, the study waits in the worklist: unassigned (${linkReason})`
  })
  await stage.scene(chapter, 'the radiologist says whose it is, and the EMR keeps an ImagingStudy', async () => {
    const token = await stage.token('radiologist')
    const path = `/api/v1/imaging/studies/${study}/patient`
    expectStatus(await stage.ask(path, { method: 'PUT', body: { patient: 'zhang-san' }, token }), 200)
    await settled(stage, study, 'linked')
    return `ImagingStudy/${study} with ${await recordOf(stage, study)} images`
  })
  await stage.scene(chapter, 'it is found and shown', () => findAndShow(stage, study))
  await stage.scene(
    chapter,
    'sent once more it is stored once; other bytes under a known UID are refused',
    async () => {
      const again = await store(stage, files)
      const changed = Buffer.from(files[0] ?? [])
      changed[changed.length - 9] = (changed[changed.length - 9] ?? 0) ^ 1
      const other = await store(stage, [changed])
      if (again.status !== 200 || other.status !== 409)
        throw new AppError('internal', `${again.status}, ${other.status}`)
      return '200 and 409'
    },
  )
  await stage.scene(chapter, 'a pharmacist sees no images', async () => {
    const answer = await stage.ask(`/dicom-web/studies/${study}/metadata`, { token: await stage.token('pharmacist') })
    expectStatus(answer, 403)
    return `403 ${String(answer.body['detail'])}`
  })
}
