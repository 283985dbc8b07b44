// The command line as an operator uses it: on a system that runs, on one that does not, through a backup and back.
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { until } from '../conformance/registry/registry-client.ts'
import { issueLocalToken, verifyLocalTrail } from '../packages/platform/src/cli/local.ts'
import { freePorts, type StartedSystem, startSystem } from '../packages/platform/src/cli/system.ts'
import { prepareFolder } from '../packages/platform/src/testing/prepared-folder.ts'
import { type Ran, xinglin } from './xinglin.ts'

let folder: string
let settings: Record<string, string>
let system: StartedSystem

const modelFile = ['models', 'own', '1', 'model.onnx']

const run = (...words: string[]): Promise<Ran> => xinglin(words, settings)
const dataOf = (path: string): Record<string, string> => ({ ...settings, XINGLIN_DATA: path })

const clinicianToken = (): Promise<string> => issueLocalToken(system.state, { role: 'clinician' })

async function printedToken(role: string): Promise<string> {
  const { code, out, err } = await run('token', '--role', role)
  assert.equal(code, 0, err)
  return out.trim()
}

async function ask(path: string, token: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${system.state.gatewayUrl}${path}`, { headers, ...init })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xinglin cli '))
  await chmod(folder, 0o711) // else PostgreSQL's account could not reach it, and clusters would be left elsewhere
  settings = { ...(await freePorts()), LOG_LEVEL: 'error', XINGLIN_DATA: join(folder, 'data') }
  await prepareFolder(join(folder, 'data'))
  system = await startSystem(join(folder, 'data'), settings)
})

after(async () => {
  await system.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('on a running system', () => {
  test('status names every service, and for machines as JSON', async () => {
    const { code, out } = await run('status')
    assert.equal(code, 0)
    for (const name of ['gateway', 'registry', 'patient', 'emr', 'pharmacy', 'audit', 'database'])
      assert.match(out, new RegExp(name))
    const json = JSON.parse((await run('status', '--json')).out) as { status: string; system: Record<string, unknown> }
    assert.equal(json.status, 'ready')
    assert.equal(json.system.databaseUrl, undefined)
  })

  test('doctor finds nothing wrong', async () => {
    const { code, out } = await run('doctor', '--json')
    const { findings } = JSON.parse(out) as { findings: { name: string; level: string; seen: string }[] }
    assert.deepEqual(
      findings.filter(({ level }) => level === 'wrong'),
      [],
    )
    assert.equal(code, 0)
    const seenAt = (env: string): string | undefined =>
      findings.find(({ name }) => name === `port ${settings[env]}`)?.seen
    assert.match(seenAt('PORT') ?? '', new RegExp(`held by the running system \\(process ${system.state.pid}\\)`))
    // What is said to be opened is held by the system that runs with the same settings.
    assert.deepEqual(
      findings.filter(({ name, seen }) => name.startsWith('port ') && !/^(held|not opened)/.test(seen)),
      [],
    )
    for (const env of ['GATEWAY_TLS_PORT', 'REGISTRY_TLS_PORT']) assert.match(seenAt(env) ?? '', /^not opened/)
  })

  test('a second start on the same folder is refused with the process that holds it', async () => {
    const { code, err } = await run('start')
    assert.equal(code, 1)
    assert.match(err, new RegExp(`process ${system.state.pid}`))
  })

  test('a live setting takes effect in the running system, and what means nothing is refused', async () => {
    assert.equal((await run('config', 'set', 'RATE_LIMIT_BURST', '2')).code, 0)
    assert.equal((await run('config', 'set', 'RATE_LIMIT_PER_SECOND', '1')).code, 0)
    const statusNow = async (): Promise<number> => (await fetch(`${system.state.gatewayUrl}/fhir/metadata`)).status
    await until(statusNow, (status) => status === 429)
    assert.match((await run('config', 'list')).out, /RATE_LIMIT_BURST +2/)
    for (const name of ['RATE_LIMIT_BURST', 'RATE_LIMIT_PER_SECOND']) {
      assert.equal((await run('config', 'unset', name)).code, 0)
    }
    await until(statusNow, (status) => status === 200)
    for (const [name, value, why] of [
      ['LOG_LEVEL', 'loud', /one of debug/],
      ['PORT', '1', /RATE_LIMIT_BURST/],
    ] as const) {
      const { code, err } = await run('config', 'set', name, value)
      assert.equal(code, 1)
      assert.match(err, why)
    }
  })

  test('a token for a patient needs the id; an unknown role is named', async () => {
    const none = await run('token', '--role', 'patient')
    assert.equal(none.code, 1)
    assert.match(none.err, /--patient/)
    const unknown = await run('token', '--role', 'king')
    assert.notEqual(unknown.code, 0)
    assert.match(unknown.err, /clinician/)
  })

  test('the article’s form registers a patient who is found by characters and by pinyin', async () => {
    const token = await printedToken('frontend')
    const form = {
      resource_type: 'Patient',
      name: [{ use: 'official', family: '张', given: ['三'] }],
      gender: 'male',
      birth_date: '1990-01-01',
      email: 'zhangsan@example.com',
    }
    const created = await ask('/api/v1/patients', token, { method: 'POST', body: JSON.stringify(form) })
    assert.equal(created.status, 201)
    const shown = await ask(`/api/v1/patients/${created.body.id}`, token)
    assert.deepEqual(shown.body, { ...form, id: created.body.id, active: true })
    assert.equal((await ask('/api/v1/patients/nobody', token)).status, 404)
    const bad = await ask('/api/v1/patients', token, { method: 'POST', body: JSON.stringify({ ...form, gender: 'x' }) })
    assert.equal(bad.status, 422)
    const clinician = await clinicianToken()
    for (const name of ['张', 'zhang', 'zhangsan', 'zs']) {
      const found = await ask(`/fhir/Patient?name=${encodeURIComponent(name)}`, clinician)
      const ids = ((found.body.entry ?? []) as { resource: { id: string } }[]).map(({ resource }) => resource.id)
      assert.ok(ids.includes(String(created.body.id)), `${name} finds the patient`)
    }
  })

  test('imports NDJSON, Bundles and mongoexport, plain and gzipped; a second run doubles nothing', async () => {
    const files = join(folder, 'files')
    await rm(files, { recursive: true, force: true })
    await mkdir(files)
    const patient = (id: string) => ({ resourceType: 'Patient', id, name: [{ family: id }] })
    const bundle = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: patient('from-bundle'), request: { method: 'PUT', url: 'Patient/from-bundle' } }],
    }
    const mongo = {
      _id: { $oid: '65f000000000000000000001' },
      name: [{ use: 'official', family: 'Li', given: ['Si'] }],
      gender: 'female',
      birth_date: { $date: '1985-05-05T00:00:00Z' },
      email: 'lisi@example.com',
    }
    await writeFile(join(files, 'a.ndjson'), ['n1', 'n2'].map((id) => JSON.stringify(patient(id))).join('\n'))
    await writeFile(join(files, 'b.json.gz'), gzipSync(JSON.stringify(bundle)))
    await writeFile(join(files, 'c.json'), `${JSON.stringify(mongo)}\n`)
    const first = await run('import', files, '--json')
    assert.equal(first.code, 0, first.out + first.err)
    assert.equal(JSON.parse(first.out).resources, 4)
    const second = await run('import', files, '--json')
    assert.equal(JSON.parse(second.out).resources, 4)
    const token = await clinicianToken()
    const found = await ask('/fhir/Patient?email=lisi@example.com&_total=accurate', token)
    assert.equal(found.body.total, 1)
    const [{ resource }] = found.body.entry as [{ resource: { id: string } }]
    for (const id of ['n1', 'n2', 'from-bundle', resource.id]) {
      const { status, body } = await ask(`/fhir/Patient/${id}`, token)
      assert.deepEqual([status, (body.meta as { versionId: string }).versionId], [200, '1'], id)
    }
  })

  test('the audit trail verifies', async () => {
    const { code, out } = await run('audit', 'verify')
    assert.equal(code, 0, out)
  })

  test('a backup made while it runs comes back in an empty system with own models, trail intact', async () => {
    const target = join(folder, 'backup')
    await mkdir(join(folder, 'data', ...modelFile.slice(0, -1)), { recursive: true })
    await writeFile(join(folder, 'data', ...modelFile), 'a graph')
    const made = await run('backup', target, '--json')
    assert.equal(made.code, 0, made.err)
    assert.ok((await readdir(target)).includes('manifest.json'))
    assert.doesNotMatch(made.err, /WARNING/)
    const elsewhere = { BLOBS_S3_BUCKET: 'scans', MODEL_REPOSITORY: join(folder, 'far away') }
    const again = await xinglin(['backup', target, '--json', '--without-bucket'], { ...settings, ...elsewhere })
    assert.equal(again.code, 1)
    assert.match(again.err, /not empty/)
    assert.match(again.err, /s3:\/\/scans\//)
    assert.match(again.err, /NOT in this backup/)
    assert.match(again.err, /own models lie in .*far away/)
    const refused = await run('restore', target)
    assert.equal(refused.code, 1)
    assert.match(refused.err, /Stop the system/)

    const other = join(folder, 'restored')
    const restored = await xinglin(['restore', target, '--json'], dataOf(other))
    assert.equal(restored.code, 0, restored.out + restored.err)
    assert.equal(JSON.parse(restored.out).audit.ok, true)
    assert.equal(await readFile(join(other, ...modelFile), 'utf8'), 'a graph')
    const copy = await startSystem(other, { ...(await freePorts()), LOG_LEVEL: 'error' })
    try {
      // The keys came along, so a token of the old system opens the copy.
      const token = await clinicianToken()
      const answer = await fetch(`${copy.state.gatewayUrl}/fhir/Patient/n1`, {
        headers: { authorization: `Bearer ${token}` },
      })
      assert.equal(answer.status, 200)
      const verified = await verifyLocalTrail(copy.state)
      assert.equal(verified.ok, true, verified.summary)
    } finally {
      await copy.stop()
    }
    const full = await xinglin(['restore', target], dataOf(other))
    assert.equal(full.code, 1)
    assert.match(full.err, /holds records/)
  })

  test('a changed file of a backup is refused before anything is written', async () => {
    const target = join(folder, 'backup')
    const model = join(target, ...modelFile)
    await writeFile(model, 'a craph')
    const spoilt = await xinglin(['restore', target], dataOf(join(folder, 'third')))
    assert.equal(spoilt.code, 1)
    assert.match(spoilt.err, /model\.onnx of the backup was changed: its SHA-256/)
    assert.equal((await readdir(folder)).includes('third'), false)
    await writeFile(model, 'a graph')
    const file = join(target, (await readdir(target)).find((name) => name.startsWith('records.version')) ?? '')
    const bytes = await readFile(file)
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1
    await writeFile(file, bytes)
    const { code, err } = await xinglin(['restore', target], dataOf(join(folder, 'third')))
    assert.equal(code, 1)
    assert.match(err, /SHA-256/)
  })
})

describe('on no system', () => {
  const nowhere = () => dataOf(join(folder, 'nowhere'))

  test('what needs one says how to start it', async () => {
    for (const words of [
      ['token', '--role', 'admin'],
      ['import', folder],
      ['backup', join(folder, 'x')],
      ['audit', 'verify'],
    ]) {
      const { code, err } = await xinglin(words, nowhere())
      assert.equal(code, 1, words.join(' '))
      assert.match(err, /npm start/)
      assert.doesNotMatch(err, /\n\s+at /)
    }
    assert.equal((await xinglin(['status'], nowhere())).code, 1)
  })

  test('ports that are taken are all named with other settings before anything is started; doctor says the same', async () => {
    const blockers = [createServer(), createServer()]
    const given = { ...(await freePorts()) }
    for (const [at, env] of ['PORT', 'DIMSE_PORT'].entries()) {
      await new Promise<void>((resolve) => blockers[at]?.listen(Number(given[env]), '127.0.0.1', resolve))
    }
    const { code, err } = await xinglin(['start'], { ...nowhere(), ...given })
    const doctor = await xinglin(['doctor', '--json'], { ...nowhere(), ...given })
    for (const blocker of blockers) blocker.close()
    assert.equal(code, 1)
    for (const env of ['PORT', 'DIMSE_PORT']) assert.match(err, new RegExp(`port ${given[env]} .*\\(${env}\\)`))
    assert.match(err, /start with other ones: PORT=\d+ DIMSE_PORT=\d+/)
    assert.equal((await readdir(join(folder, 'nowhere'))).includes('postgres'), false)
    const { findings } = JSON.parse(doctor.out) as { findings: { level: string; seen: string; mend?: string }[] }
    const wrong = findings.filter(({ level }) => level === 'wrong')
    assert.deepEqual(
      wrong.map(({ seen }) => seen.split(' ')[1]),
      [given['PORT'], given['DIMSE_PORT']],
    )
    for (const { mend } of wrong) assert.match(mend ?? '', /start with (DIMSE_)?PORT=\d+/)
  })

  test('all faults of the configuration are named at once', async () => {
    const { code, err } = await xinglin(['start'], { ...nowhere(), PORT: 'x', DATABASE_POOL: '1', DEMO: 'maybe' })
    assert.equal(code, 1)
    for (const name of ['PORT', 'DATABASE_POOL', 'DEMO']) assert.match(err, new RegExp(name))
  })

  test('an unknown service is named with those that exist', async () => {
    const { code, err } = await xinglin(['start', 'patient', 'kitchen'], nowhere())
    assert.equal(code, 1)
    assert.match(err, /kitchen/)
    assert.match(err, /pharmacy/)
  })
})
