// Formats of dates and times against the patterns that the standard publishes, and the order of moments.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dateFault, dateTimeFault, instantFault, orderOfMoments, timeFault } from './dates.ts'

// http://hl7.org/fhir/R4/datatypes.html, anchored
const year = '([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)'
const day = '(0[1-9]|[1-2][0-9]|3[0-1])'
const clock = '([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?'
const zone = '(Z|(\\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))'
const published = {
  date: new RegExp(`^${year}(-(0[1-9]|1[0-2])(-${day})?)?$`),
  dateTime: new RegExp(`^${year}(-(0[1-9]|1[0-2])(-${day}(T${clock}${zone})?)?)?$`),
  instant: new RegExp(`^${year}-(0[1-9]|1[0-2])-${day}T${clock}${zone}$`),
  time: new RegExp(`^${clock}$`),
}
const ours = { date: dateFault, dateTime: dateTimeFault, instant: instantFault, time: timeFault }
const kinds = ['date', 'dateTime', 'instant', 'time'] as const

function isRealDay(text: string): boolean {
  if (text.length < 10 || text.startsWith('0000')) return true
  const date = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 10))
}

const digits = (count: number) => fc.stringMatching(new RegExp(`^[0-9]{${count}}$`))
const nearly = fc
  .tuple(
    digits(4),
    digits(2),
    digits(2),
    digits(2),
    digits(2),
    digits(2),
    fc.constantFrom('', '.5', '.123456', '.'),
    fc.constantFrom('Z', '', '+08:00', '-14:00', '+14:01', 'z'),
  )
  .chain(([y, mo, d, h, mi, s, fraction, offset]) => {
    const time = `${h}:${mi}:${s}${fraction}`
    return fc.constantFrom(
      y,
      `${y}-${mo}`,
      `${y}-${mo}-${d}`,
      `${y}-${mo}-${d}T${time}${offset}`,
      time,
      `${y}-${mo}-${d} ${time}`,
      `${y}-${mo}-${d}T${h}:${mi}Z`,
    )
  })

for (const kind of kinds) {
  test(`takes a ${kind} as published, on days that exist`, () => {
    const agrees = (text: string): void => {
      const isExpected = published[kind].test(text) && (kind === 'time' || isRealDay(text))
      assert.equal(ours[kind](text) === undefined, isExpected, text)
    }
    fc.assert(fc.property(nearly, agrees), { numRuns: 3000 })
    const sound = fc.stringMatching(published[kind]).filter((text) => text.length <= 40)
    fc.assert(fc.property(sound, agrees), { numRuns: 1000 })
  })
}

test('orders moments as the clock does, whatever their time zones', () => {
  const moment = fc.record({
    ms: fc.integer({ min: Date.UTC(1950, 0), max: Date.UTC(2050, 0) }).map((value) => value - (value % 1000)),
    hours: fc.integer({ min: -12, max: 14 }),
  })
  const show = ({ ms, hours }: { readonly ms: number; readonly hours: number }): string => {
    const sign = hours < 0 ? '-' : '+'
    const local = new Date(ms + hours * 3_600_000).toISOString().slice(0, 19)
    return `${local}${sign}${String(Math.abs(hours)).padStart(2, '0')}:00`
  }
  fc.assert(
    fc.property(moment, moment, (left, right) => {
      assert.equal(orderOfMoments(show(left), show(right)), Math.sign(left.ms - right.ms))
    }),
  )
})

test('leaves open what precision or a missing time zone leaves open', () => {
  const orders: readonly (readonly [string, string, number | undefined])[] = [
    ['2026', '2027', -1],
    ['2026', '2026-05', undefined],
    ['2026-05', '2026-04-30', 1],
    ['2026-05-01', '2026-05-01', 0],
    ['2026-05-01', '2026-05-02', -1],
    ['2026-05-01', '2026-05-02T10:00:00Z', undefined],
    ['2026-05-01', '2026-05-03T10:00:00Z', -1],
    ['2026-05-01T10:00:00+02:00', '2026-05-01T08:00:00Z', 0],
  ]
  for (const [left, right, order] of orders) {
    assert.equal(orderOfMoments(left, right), order, `${left} ${right}`)
    assert.equal(orderOfMoments(right, left), order === undefined ? undefined : 0 - order, `${right} ${left}`)
  }
})
