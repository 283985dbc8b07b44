// Filter expressions: their grammar, and that they agree with plain code over the same objects.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConsulError } from '../consul-error.ts'
import { compileFilter } from './filter.ts'

const sample = { Name: '', Port: 0, IsOn: false, Tags: [''], Meta: {}, Nested: { Text: '' } }
const item = {
  Name: 'web',
  Port: 80,
  IsOn: true,
  Tags: ['a', 'b c'],
  Meta: { version: '1', 'a.b': 'x' },
  Nested: { Text: '' },
}
const matches = (expression: string, of: unknown = item): boolean => compileFilter(expression, sample)(of)

test('compares, asks for membership and emptiness, and joins', () => {
  const table: readonly (readonly [string, boolean])[] = [
    ['Name == web', true],
    ['Name=="web"', true],
    ['Name != `web`', false],
    ['Port == 80', true],
    ['IsOn == true', true],
    ['"a" in Tags', true],
    ['"b c" in Tags', true],
    ['b in Tags', false],
    ['a not in Tags', false],
    ['Tags contains a', true],
    ['Tags not contains a', false],
    ['Name contains "we"', true],
    ['version in Meta', true],
    ['Meta.version == 1', true],
    ['Meta["a.b"] == x', true],
    ['Meta.missing == x', false],
    ['Meta is not empty', true],
    ['Nested.Text is empty', true],
    ['Tags is empty', false],
    ['not Name == web', false],
    ['not (Name == web and Port == 81)', true],
    ['Name == no or Port == 80 and IsOn == true', true],
    ['(Name == no or Port == 80) and IsOn == false', false],
    ['Name == web AND NOT IsOn == false', true],
  ]
  for (const [expression, expected] of table) assert.equal(matches(expression), expected, expression)
})

test('refuses what it does not understand, naming the place', () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['Nmae == web', /at character 1: there is no field Nmae/],
    ['Name = web', /at character \d+/],
    ['Name ==', /at the end: a value is expected/],
    ['== web', /name of a field is expected/],
    ['Name == web Port == 1', /"and" or "or" is expected/],
    ['Name', /at the end: one of ==/],
    ['Name matches "w.*"', /regular expressions/],
    ['Port == eighty', /whole number/],
    ['Port is empty', /never empty/],
    ['Port contains 8', /holds one value/],
    ['Tags == a', /cannot be compared/],
    ['IsOn == yes', /true or false/],
    ['Meta["a" == x', /"]" is expected/],
    ['Name == "open', /is not understood/],
    ['Name == "bad \\x"', /not well quoted/],
    ['toString == x', /there is no field/],
    ['__proto__.x == x', /there is no field/],
    ['constructor is empty', /there is no field/],
  ]
  for (const [expression, says] of table) {
    assert.throws(
      () => matches(expression),
      (error: unknown) => error instanceof ConsulError && error.status === 400 && says.test(error.message),
      expression,
    )
  }
})

test('and, or, not agree with those of the language', () => {
  const expressions = fc.letrec<{ any: readonly [string, (port: number) => boolean] }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.integer({ min: 0, max: 3 }).map((n) => [`Port == ${n}`, (port: number) => port === n] as const),
      fc
        .tuple(tie('any'), tie('any'))
        .map(([a, b]) => [`(${a[0]} and ${b[0]})`, (p: number) => a[1](p) && b[1](p)] as const),
      fc
        .tuple(tie('any'), tie('any'))
        .map(([a, b]) => [`(${a[0]} or ${b[0]})`, (p: number) => a[1](p) || b[1](p)] as const),
      tie('any').map((a) => [`not ${a[0]}`, (port: number) => !a[1](port)] as const),
    ),
  })).any
  fc.assert(
    fc.property(expressions, fc.integer({ min: 0, max: 3 }), ([expression, expected], port) => {
      assert.equal(matches(expression, { ...item, Port: port }), expected(port))
    }),
  )
})

test('any text compiles or is refused', () => {
  const pieces = fc.constantFrom(
    'Name',
    'Tags',
    'Meta',
    '==',
    '!=',
    '(',
    ')',
    '[',
    ']',
    'in',
    'not',
    'is',
    'empty',
    '"',
    '`',
    '.',
    'x',
    '\\',
    '1',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (words) => {
      try {
        compileFilter(words.join(' '), sample)(item)
      } catch (error) {
        assert.ok(error instanceof ConsulError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})
