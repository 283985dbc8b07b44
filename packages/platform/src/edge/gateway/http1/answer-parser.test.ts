// However the bytes of an answer are cut, the same is read from them; what can be read in two ways is refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AnswerFault } from './answer-fault.ts'
import { AnswerParser, type Fields } from './answer-parser.ts'

interface Read {
  readonly heads: { readonly status: number; readonly reason: string; readonly fields: Fields }[]
  body: string
  isDone: boolean
  isKept: boolean
}

function readAll(parts: readonly Buffer[], method = 'GET', hasEnded = false): Read {
  const parser = new AnswerParser()
  const read: Read = { heads: [], body: '', isDone: false, isKept: false }
  parser.expect(method, {
    head: (status, reason, fields) => void read.heads.push({ status, reason, fields }),
    data(chunk) {
      read.body += chunk.toString('latin1')
    },
  })
  for (const part of parts) parser.push(part)
  if (hasEnded) parser.end()
  return Object.assign(read, { isDone: parser.isDone, isKept: parser.isKept })
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return at
    .slice(1)
    .map((end, index) => bytes.subarray(at[index], end))
    .filter((part) => part.length > 0)
}

const latin = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
const pieces = fc.array(
  latin.filter((text) => text !== ''),
  { maxLength: 6 },
)

function answerOf(body: readonly string[], isChunked: boolean, early: number): string {
  const whole = body.join('')
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${whole.length}`
  const chunks = body.map((piece) => `${piece.length.toString(16)};x=1\r\n${piece}\r\n`).join('')
  const coded = isChunked ? `${chunks}0\r\nX-Trailer: 1\r\n\r\n` : whole
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(early)
  return `${hints}HTTP/1.1 200 OK\r\nX-Name:  \tsome value\t \r\n${framing}\r\n\r\n${coded}`
}

test('however an answer is cut, the same is read', () => {
  fc.assert(
    fc.property(
      pieces,
      fc.boolean(),
      fc.nat({ max: 2 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      (body, isChunked, early, places) => {
        const read = readAll(cut(bytesOf(answerOf(body, isChunked, early)), places))
        assert.equal(read.body, body.join(''))
        assert.deepEqual([read.isDone, read.isKept, read.heads.length], [true, true, early + 1])
        assert.deepEqual(read.heads.at(-1)?.fields.slice(0, 2), ['x-name', 'some value'])
      },
    ),
    { numRuns: 300 },
  )
})

test('bytes after an answer are refused, not taken for the next one', () => {
  fc.assert(
    fc.property(pieces, fc.boolean(), fc.array(fc.nat(), { maxLength: 10 }), (body, isChunked, places) => {
      const bytes = bytesOf(`${answerOf(body, isChunked, 0)}HTTP/1.1 200 OK\r\n\r\n`)
      assert.throws(() => readAll(cut(bytes, places)), AnswerFault)
    }),
  )
})

test('an answer that ends too early is no answer', () => {
  for (const text of ['', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab']) {
    assert.throws(
      () =>
        readAll(
          [bytesOf(text)].filter(({ length }) => length > 0),
          'GET',
          true,
        ),
      { code: 'ECONNRESET' },
    )
  }
})

test('without a length the body ends with the connection', () => {
  const read = readAll([bytesOf('HTTP/1.1 200 OK\r\n\r\nab'), bytesOf('cd')], 'GET', true)
  assert.deepEqual([read.body, read.isDone, read.isKept], ['abcd', true, false])
})

test('answers without a body end with their head', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n'
  assert.equal(readAll([bytesOf(head)], 'HEAD').isDone, true)
  assert.equal(readAll([bytesOf(head.replace('200', '304'))]).isDone, true)
  assert.equal(readAll([bytesOf('HTTP/1.1 204 No Content\r\n\r\n')]).isDone, true)
})

test('the connection is kept as the answer says', () => {
  const kept = (line: string, option: string): boolean =>
    readAll([bytesOf(`${line} 200 OK\r\nContent-Length: 0\r\n${option}\r\n`)]).isKept
  assert.equal(kept('HTTP/1.1', ''), true)
  assert.equal(kept('HTTP/1.1', 'Connection: X-Other, Close\r\n'), false)
  assert.equal(kept('HTTP/1.0', ''), false)
  assert.equal(kept('HTTP/1.0', 'Connection: keep-alive\r\n'), true)
})

const refused: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc',
  'HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc',
  'HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc',
  'HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
  'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX-A: 1\n\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX-A: 1\rX-B: 2\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX-A: 1\0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX-A : 1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\r\n\r\n',
  'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
  'HTTP/1.1 200 OK\r\n: no name\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  'HTTP/1.1 99 Low\r\n\r\n',
  'HTTP/1.1 600 High\r\n\r\n',
  'HTTP/2.0 200 OK\r\n\r\n',
  '\r\nHTTP/1.1 200 OK\r\n\r\n',
  'ICY 200 OK\r\n\r\n',
  `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`,
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\nab\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n123456789\r\n',
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(5000)}`,
]

test('what can be read in two ways, or not at all, is refused', () => {
  for (const text of refused) {
    assert.throws(() => readAll([bytesOf(text)]), { code: 'INVALID_ANSWER' }, JSON.stringify(text.slice(0, 80)))
    assert.throws(() => readAll([...bytesOf(text)].map((byte) => Buffer.from([byte]))), { code: 'INVALID_ANSWER' })
  }
})
