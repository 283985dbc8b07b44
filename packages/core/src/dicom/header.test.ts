// Headers of real and drawn files in every transfer syntax, in several character sets, and of hostile bytes.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { AppError } from '../errors/index.ts'
import { bulkDataAt, metadataOf } from './dicom-json.ts'
import { type DicomHeader, readHeader } from './header.ts'
import { type DicomJson, numberOf, personNameOf, textOf } from './model.ts'
import { createChestPhantom, phantomFiles } from './phantom/index.ts'
import { type WritableDataset, writePart10 } from './writing/index.ts'

const folder = new URL('../../../../../shared/data/dicom/transfer-syntaxes/', import.meta.url)
const hasData = existsSync(folder)
const bulkDataUri = (path: string): string => `~/${path}`
const inflate = (bytes: Uint8Array): Uint8Array => inflateRawSync(bytes)
const identity: WritableDataset = {
  '00080016': ['UI', ['1.2.840.10008.5.1.4.1.1.7']],
  '00080018': ['UI', ['1.2.3.4']],
}

function read(bytes: Uint8Array): readonly [DicomHeader, DicomJson] {
  const header = readHeader(bytes, { inflate })
  return [header, metadataOf(header, { bulkDataUri })]
}

const bytesOf = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)

test('reads a drawn CT slice with its numbers, names and place of the pixels', () => {
  const [file] = phantomFiles(createChestPhantom({ seed: 1, size: 64, slices: 4 }), {
    patientId: 'MRN-1',
    patientName: 'Zhang^San=张^三',
  })
  assert.ok(file)
  const [header, metadata] = read(file.bytes)
  assert.equal(header.sopInstance, file.sopInstanceUid)
  assert.equal(personNameOf(metadata, '00100010'), 'Zhang^San=张^三')
  assert.equal(numberOf(metadata, '00280010'), 64)
  assert.equal(header.pixelData?.lengthBytes, 64 * 64 * 2)
  assert.deepEqual(metadata['7FE00010'], { vr: 'OW', BulkDataURI: '~/7FE00010' })
  assert.equal(
    Object.keys(metadata).some((tag) => tag.startsWith('0002')),
    false,
  )
})

test('reads only the beginning of a file, and says so when that ends before the pixels', () => {
  const [file] = phantomFiles(createChestPhantom({ seed: 1, size: 64, slices: 4 }), { patientId: 'P' })
  assert.ok(file)
  const { pixelData } = readHeader(file.bytes)
  assert.ok(pixelData)
  const totalBytes = file.bytes.length
  assert.equal(readHeader(file.bytes.subarray(0, pixelData.offset), { totalBytes }).pixelData?.offset, pixelData.offset)
  const cut = file.bytes.subarray(0, 400)
  assert.throws(
    () => readHeader(cut, { totalBytes }),
    (error) => error instanceof AppError && error.code === 'too-large',
  )
})

describe('character sets', () => {
  // The names are those of PS3.5 annexes H to K, and GB18030 of annex J.
  const cases: readonly (readonly [set: string, bytes: Uint8Array, name: string])[] = [
    ['ISO_IR 100', Uint8Array.from(Buffer.from('Buc^J\xe9r\xf4me ', 'latin1')), 'Buc^Jérôme'],
    ['ISO_IR 192', Uint8Array.from(Buffer.from('Wang^XiaoDong=王^小东=')), 'Wang^XiaoDong=王^小东'],
    [
      'GB18030',
      bytesOf(...Buffer.from('Wang^XiaoDong='), 0xcd, 0xf5, 0x5e, 0xd0, 0xa1, 0xb6, 0xab, 0x3d),
      'Wang^XiaoDong=王^小东',
    ],
    [
      '\\ISO 2022 IR 149',
      bytesOf(
        ...Buffer.from('Hong^Gildong='),
        0x1b,
        0x24,
        0x29,
        0x43,
        0xfb,
        0xf3,
        0x5e,
        0x1b,
        0x24,
        0x29,
        0x43,
        0xd1,
        0xce,
        0xd4,
        0xd7,
        0x20,
      ),
      'Hong^Gildong=洪^吉洞',
    ],
    [
      '\\ISO 2022 IR 87',
      bytesOf(
        ...Buffer.from('Yamada^Tarou='),
        0x1b,
        0x24,
        0x42,
        0x3b,
        0x33,
        0x45,
        0x44,
        0x1b,
        0x28,
        0x42,
        0x5e,
        0x1b,
        0x24,
        0x42,
        0x42,
        0x40,
        0x4f,
        0x3a,
        0x1b,
        0x28,
        0x42,
      ),
      'Yamada^Tarou=山田^太郎',
    ],
    [
      '\\ISO 2022 IR 58',
      bytesOf(
        ...Buffer.from('Zhang^XiaoDong='),
        0x1b,
        0x24,
        0x29,
        0x41,
        0xd5,
        0xc5,
        0x5e,
        0x1b,
        0x24,
        0x29,
        0x41,
        0xd0,
        0xa1,
        0xb6,
        0xab,
        0x20,
      ),
      'Zhang^XiaoDong=张^小东',
    ],
  ]
  for (const [set, name, expected] of cases) {
    test(`reads ${set}`, () => {
      const [, metadata] = read(writePart10({ ...identity, '00080005': ['CS', [set]], '00100010': ['PN', name] }))
      assert.equal(personNameOf(metadata, '00100010'), expected)
      assert.equal(textOf(metadata, '00080005'), 'ISO_IR 192')
    })
  }

  test('does not cut a Chinese character whose second byte is a backslash', () => {
    const [, metadata] = read(
      writePart10({ ...identity, '00080005': ['CS', ['GBK']], '00081030': ['LO', bytesOf(0x81, 0x5c, 0x41, 0x20)] }),
    )
    assert.deepEqual(
      metadata['00081030']?.Value,
      ['乗A'].map((text) => new TextDecoder('gbk').decode(bytesOf(0x81, 0x5c)) + text.slice(1)),
    )
  })
})

test('keeps what is no number as text, what is empty as null, and long values out', () => {
  const [header, metadata] = read(
    writePart10({
      ...identity,
      '00180050': ['DS', ['1.25', '', 'abc']],
      '00200032': ['DS', []],
      '00091001': ['UN', new Uint8Array(4)],
      '00091002': ['OB', new Uint8Array(2000).fill(7)],
      '00082112': ['SQ', [{ '00091003': ['OB', new Uint8Array(3000).fill(8)] }, {}]],
    }),
  )
  assert.deepEqual(metadata['00180050']?.Value, [1.25, null, 'abc'])
  assert.deepEqual(metadata['00200032'], { vr: 'DS' })
  assert.equal(metadata['00091001']?.InlineBinary, 'AAAAAA==')
  assert.equal(metadata['00091002']?.BulkDataURI, '~/00091002')
  const items = metadata['00082112']?.Value as readonly DicomJson[]
  assert.equal(items.length, 2)
  assert.equal(items[0]?.['00091003']?.BulkDataURI, '~/00082112/0/00091003')
  assert.equal(bulkDataAt(header, '00082112/0/00091003')?.length, 3000)
  assert.equal(bulkDataAt(header, '00082112/9/00091003'), undefined)
})

test('reads the same header from every transfer syntax', {
  skip: hasData ? false : 'put the DICOM test images into ../shared/data/dicom',
}, () => {
  const texts = readdirSync(folder)
    .filter((name) => name.startsWith('CTImage.dcm'))
    .map((name) => {
      const [header, metadata] = read(readFileSync(new URL(name, folder)))
      assert.ok(header.pixelData, name)
      return ['0020000D', '00080020', '00180050', '00200037', '00280010']
        .map((tag) => JSON.stringify(metadata[tag]))
        .join()
    })
  assert.ok(texts.length >= 12)
  assert.equal(new Set(texts).size, 1)
})

// What the reader may do with any bytes: give a header and its metadata, or refuse with an AppError.
function isCalm(bytes: Uint8Array): boolean {
  try {
    read(bytes)
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
  }
  return true
}

describe('hostile bytes', () => {
  const [file] = phantomFiles(createChestPhantom({ seed: 2, size: 32, slices: 1 }), { patientId: 'P' })
  const whole = file?.bytes ?? new Uint8Array()
  const offset = readHeader(whole).pixelData?.offset ?? 0

  test('are refused in the words of the house wherever they are changed', () => {
    const change = fc.record({ at: fc.integer({ min: 128, max: offset + 8 }), value: fc.integer({ min: 0, max: 255 }) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const bytes = whole.slice()
        for (const { at, value } of changes) bytes[at] = value
        return isCalm(bytes)
      }),
      { numRuns: 400, seed: 7 },
    )
  })

  test('are refused wherever they are cut, and whatever follows DICM', () => {
    fc.assert(
      fc.property(fc.nat(offset), (end) => isCalm(whole.subarray(0, end))),
      { numRuns: 200, seed: 7 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (rest) =>
        isCalm(Uint8Array.from([...new Uint8Array(128), 0x44, 0x49, 0x43, 0x4d, ...rest])),
      ),
      { numRuns: 300, seed: 7 },
    )
  })

  test('that nest without end are refused', () => {
    const nest = (depth: number): WritableDataset => (depth === 0 ? {} : { '00082112': ['SQ', [nest(depth - 1)]] })
    assert.throws(() => read(writePart10({ ...identity, ...nest(40) })), /nests more than 16/)
    // An undefined length needs no end: 100,000 sequences, each within the other.
    const open = Buffer.from([
      8, 0, 0x12, 0x21, 0x53, 0x51, 0, 0, 255, 255, 255, 255, 254, 255, 0, 224, 255, 255, 255, 255,
    ])
    const start = writePart10(identity)
    const bytes = Buffer.concat([start, ...Array.from({ length: 100_000 }, () => open)])
    assert.throws(() => read(bytes), AppError)
  })
})
