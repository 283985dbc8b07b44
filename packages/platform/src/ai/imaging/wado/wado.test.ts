// Retrieval: objects, metadata, frames, rendered pictures and bulk data of every transfer syntax; refusals in words.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { type DicomJson, readHeader } from '@xinglin/core/dicom'
import { drawnSeries, type ImagingUnderTest, imagingUnderTest, partsOf } from '../under-test/service.ts'

const folder = new URL('../../../../../../../shared/data/dicom/transfer-syntaxes/', import.meta.url)
const skip = existsSync(folder) ? false : 'put the DICOM test images into ../shared/data/dicom'
let service: ImagingUnderTest
let address = ''
before(async () => {
  service = await imagingUnderTest()
  const answer = await service.store(drawnSeries(1).map(({ bytes }) => bytes))
  address = addressIn(answer.json())
})
after(() => service.close())

// Of the first object that was stored, without the host.
function addressIn(body: unknown): string {
  const [first] = (body as DicomJson)['00081199']?.Value ?? []
  return String((first as DicomJson)['00081190']?.Value?.[0]).replace('http://test', '')
}

const seriesOf = (instance: string): string => instance.replace(/\/instances\/.*/, '')

test('gives an object as multipart, or alone where that is accepted', async () => {
  const many = await service.ask(seriesOf(address), { accept: 'multipart/related; type="application/dicom"' })
  assert.equal(partsOf(many).length, 3)
  assert.match(partsOf(many)[0]?.type ?? '', /application\/dicom; transfer-syntax=1\.2\.840\.10008\.1\.2\.1$/)
  assert.equal(Number(many.headers['content-length']), many.bytes.length)
  const alone = await service.ask(address, { accept: 'application/dicom' })
  assert.equal(alone.headers['content-type'], 'application/dicom; transfer-syntax=1.2.840.10008.1.2.1')
  assert.ok(readHeader(alone.bytes).sopInstance !== '')
})

test('gives metadata without pixels, which lead to bulk data', async () => {
  const [first, ...others] = (await service.ask(`${seriesOf(address)}/metadata`)).json() as readonly DicomJson[]
  assert.equal(others.length, 2)
  const uri = String(first?.['7FE00010']?.BulkDataURI)
  assert.match(uri, /^http:\/\/test\/dicom-web\/studies\/.*\/bulkdata\/7FE00010$/)
  const bulk = await service.ask(uri.replace('http://test', ''), { accept: 'application/octet-stream' })
  assert.equal(bulk.bytes.length, 32 * 32 * 2)
  assert.equal((await service.ask(`${address}/bulkdata/00091001`)).status, 404)
})

test('gives frames: several as parts, one alone', async () => {
  const one = await service.ask(`${address}/frames/1`, { accept: 'application/octet-stream' })
  assert.equal(one.bytes.length, 2048)
  const parts = partsOf(await service.ask(`${address}/frames/1,1`))
  assert.deepEqual(
    parts.map(({ bytes }) => bytes.equals(one.bytes)),
    [true, true],
  )
  for (const [path, status] of [
    ['2', 404],
    ['0', 404],
    ['x', 400],
    ['1,', 400],
    ['99999999', 400],
  ] as const) {
    assert.equal((await service.ask(`${address}/frames/${path}`)).status, status, path)
  }
  assert.equal((await service.ask(`${address}/frames/1`, { accept: 'image/jls' })).status, 406)
})

// The pixels of a PNG written with the filter "up".
function pngPixels(png: Buffer): { readonly columns: number; readonly rows: number; readonly values: Uint8Array } {
  const columns = png.readUInt32BE(16)
  const rows = png.readUInt32BE(20)
  const at = png.indexOf('IDAT')
  const lines = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))
  const values = new Uint8Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const above = row === 0 ? 0 : (values[(row - 1) * columns + column] ?? 0)
      values[row * columns + column] = ((lines[row * (columns + 1) + 1 + column] ?? 0) + above) & 255
    }
  }
  return { columns, rows, values }
}

test('renders a frame through the window of PS3.3 C.11.2.1.2', async () => {
  const frame = await service.ask(`${address}/frames/1`, { accept: 'application/octet-stream' })
  const answer = await service.ask(`${address}/rendered?window=-600,1500,linear`, { accept: 'image/png' })
  const { columns, rows, values } = pngPixels(answer.bytes)
  assert.deepEqual([columns, rows], [32, 32])
  for (const at of [0, 300, 512, 800]) {
    const hu = frame.bytes.readInt16LE(at * 2) - 1024
    const expected = hu <= -600 - 0.5 - 1499 / 2 ? 0 : hu > -600 - 0.5 + 1499 / 2 ? 1 : (hu + 600.5) / 1499 + 0.5
    assert.ok(Math.abs((values[at] ?? 0) - expected * 255) <= 1, `pixel ${at}`)
  }
  const jpeg = await service.ask(`${address}/rendered?quality=80`)
  assert.equal(jpeg.headers['content-type'], 'image/jpeg')
  assert.deepEqual([...jpeg.bytes.subarray(0, 2)], [0xff, 0xd8])
  const small = await service.ask(`${address}/rendered?viewport=16,8`, { accept: 'image/png' })
  assert.deepEqual([small.bytes.readUInt32BE(16), small.bytes.readUInt32BE(20)], [8, 8])
  for (const path of ['/thumbnail', '/frames/1/thumbnail', '/frames/1/rendered']) {
    assert.equal((await service.ask(`${address}${path}`, { accept: 'image/png' })).status, 200, path)
  }
  assert.equal((await service.ask(`${seriesOf(address)}/thumbnail`)).status, 200)
  for (const query of [
    'window=1',
    'window=1,0',
    'window=a,b',
    'window=1,2,cubic',
    'viewport=0,1',
    'viewport=9999,1',
    'quality=0',
    'annotation=patient',
  ]) {
    assert.equal((await service.ask(`${address}/rendered?${query}`)).status, 400, query)
  }
})

test('answers 404 for what is not there and 406 for what is not served', async () => {
  for (const path of [
    '/dicom-web/studies/1.2',
    '/dicom-web/studies/1.2/metadata',
    `${seriesOf(address)}/instances/1.2`,
  ]) {
    assert.equal((await service.ask(path)).status, 404, path)
  }
  for (const accept of [
    'text/html',
    'application/pdf',
    'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.90',
  ]) {
    assert.equal((await service.ask(address, { accept })).status, 406, accept)
  }
})

test('writes reads of one study by one person down once a minute', async () => {
  const reads = () =>
    service.audits.filter(({ interaction, outcome }) => interaction === 'dicom-retrieve' && outcome === 'success')
  await service.ask(`${address}/frames/1`, { role: 'clinician' })
  const before = reads().length
  await service.ask(`${address}/frames/1`, { role: 'clinician' })
  assert.equal(reads().length, before)
  await service.ask(`${address}/frames/1`, { role: 'admin' })
  assert.equal(reads().length, before + 1)
  assert.equal(reads().at(-1)?.entities?.[0]?.startsWith('ImagingStudy/'), true)
})

describe('every transfer syntax', { skip }, () => {
  const original = 'CTImage.dcm_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm'
  const pixels = (file: Buffer): Buffer => {
    const { pixelData } = readHeader(file)
    return file.subarray(pixelData?.offset ?? 0, (pixelData?.offset ?? 0) + 524_288)
  }
  const lossless = /RLE|JPEGLSLossless|JPEG2000Lossless|JPEGProcess14|BigEndian|Deflated|Implicit/

  for (const name of skip === false ? readdirSync(folder).filter((one) => one.endsWith('.dcm')) : []) {
    test(name, async () => {
      const file = readFileSync(new URL(name, folder))
      const stored = await service.store([file])
      // Most are one and the same image under one UID: the one before has to go.
      if (stored.status !== 200) {
        await service.sql.query({ text: 'DELETE FROM imaging.instance WHERE size_bytes > 3000' })
        assert.equal((await service.store([file])).status, 200)
      }
      const [row] = await service.sql.query<{ study_uid: string; series_uid: string; sop_uid: string }>({
        text: 'SELECT study_uid, series_uid, sop_uid FROM imaging.instance ORDER BY received DESC, size_bytes DESC LIMIT 1',
      })
      const instance = `/dicom-web/studies/${row?.study_uid}/series/${row?.series_uid}/instances/${row?.sop_uid}`
      const asStored = await service.ask(instance, { accept: 'application/dicom; transfer-syntax=*' })
      assert.ok(asStored.bytes.equals(file))
      const written = await service.ask(instance, { accept: 'application/dicom' })
      assert.equal(written.status, 200, written.bytes.subarray(0, 300).toString())
      const header = readHeader(written.bytes)
      assert.equal(header.transferSyntax, '1.2.840.10008.1.2.1')
      if (name === 'no-pixel-data.dcm') {
        assert.equal((await service.ask(`${instance}/rendered`)).status, 406)
        return
      }
      const frame = await service.ask(`${instance}/frames/1`, { accept: 'application/octet-stream' })
      assert.equal(frame.status, 200)
      assert.ok(frame.bytes.equals(pixels(written.bytes).subarray(0, frame.bytes.length)))
      if (lossless.test(name)) {
        assert.ok(frame.bytes.equals(pixels(readFileSync(new URL(original, folder)))))
      }
      const picture = await service.ask(`${instance}/rendered`, { accept: 'image/png' })
      assert.deepEqual([picture.bytes.readUInt32BE(16), picture.bytes.readUInt32BE(20)], [512, 512])
      const raw = partsOf(
        await service.ask(`${instance}/frames/1`, { accept: 'multipart/related; type="*/*"; transfer-syntax=*' }),
      )
      assert.equal(raw.length, 1)
    })
  }
})
