// What a Consent withholds: the flat conditions say the same as the provisions read one within another, and what cannot be
// honoured is named.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelHash } from '@xinglin/core/fhir/search'
import fc from 'fast-check'
import { compileConsent } from './compile-consent.ts'
import type { Condition } from './restriction.ts'

const scope = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] }
const consent = (provision: object, more: object = {}) => ({
  resourceType: 'Consent',
  status: 'active',
  scope,
  patient: { reference: 'Patient/p1' },
  provision,
  ...more,
})
const ofTypes = (...types: string[]) => types.map((code) => ({ system: 'http://hl7.org/fhir/resource-types', code }))
const recipient = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] }
const actor = (reference: object) => [{ role: recipient, reference }]
const refused = (provision: object, more: object = {}) =>
  compileConsent(consent(provision, more)).unenforceable.map(({ expression }) => expression)

test('reads every part that can be enforced', () => {
  const { restrictions, unenforceable } = compileConsent(
    consent({
      type: 'deny',
      period: { start: '2026-01-01', end: '2026-12' },
      action: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code: 'access' }] }],
      purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }],
      class: ofTypes('Observation', 'Condition'),
      securityLabel: [{ system: 'urn:s', code: 'PSY' }],
      data: [{ meaning: 'instance', reference: { reference: 'Observation/o1' } }],
      actor: actor({ identifier: { system: 'urn:xinglin:role', value: 'pharmacist' } }),
      provision: [{ type: 'permit', actor: actor({ reference: 'Practitioner/dr' }) }],
    }),
  )
  assert.deepEqual(unenforceable, [])
  assert.deepEqual(restrictions, [
    {
      identities: ['role:pharmacist'],
      purposes: ['TREAT'],
      types: ['Observation', 'Condition'],
      records: ['Observation/o1'],
      labels: [labelHash('urn:s', 'PSY')],
      fromMs: Date.UTC(2026, 0, 1),
      untilMs: Date.UTC(2027, 0, 1),
      exceptions: [{ identities: ['Practitioner/dr'] }],
    },
  ])
})

test('the policy rule decides where the outermost provision does not', () => {
  const policy = (code: string) => ({
    policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code }] },
  })
  assert.deepEqual(compileConsent(consent({}, policy('OPTOUT'))).restrictions, [{ exceptions: [] }])
  assert.deepEqual(compileConsent(consent({}, policy('OPTIN'))).restrictions, [])
  assert.deepEqual(refused({}), ['Consent.provision.type'])
})

test('a Consent that is not active, or not about privacy, rules nothing', () => {
  for (const more of [{ status: 'inactive' }, { status: 'draft' }, { scope: { coding: [{ code: 'research' }] } }]) {
    assert.deepEqual(compileConsent(consent({ type: 'deny' }, more)), { restrictions: [], unenforceable: [] })
  }
})

test('names what cannot be enforced instead of passing over it', () => {
  const deny = { type: 'deny' }
  assert.deepEqual(refused({ ...deny, code: [{ text: 'x' }] }), ['Consent.provision.code'])
  assert.deepEqual(refused({ ...deny, dataPeriod: { start: '2020' } }), ['Consent.provision.dataPeriod'])
  assert.deepEqual(refused({ ...deny, action: [{ coding: [{ code: 'collect' }] }] }), ['Consent.provision.action'])
  assert.deepEqual(refused({ ...deny, class: ofTypes('Patient') }), ['Consent.provision.class[0]'])
  assert.deepEqual(refused({ ...deny, class: [{ system: 'http://loinc.org', code: '1' }] }), [
    'Consent.provision.class[0]',
  ])
  assert.deepEqual(refused({ ...deny, actor: actor({ reference: 'Organization/o' }) }), [
    'Consent.provision.actor[0].reference',
  ])
  assert.deepEqual(refused({ ...deny, data: [{ meaning: 'related', reference: { reference: 'Task/1' } }] }), [
    'Consent.provision.data[0].meaning',
  ])
  assert.deepEqual(refused({ ...deny, provision: [{ type: 'deny' }] }), ['Consent.provision.provision[0].type'])
  assert.deepEqual(refused({ ...deny, period: { start: 'x' } }), ['Consent.provision.period'])
  assert.deepEqual(refused(deny, { modifierExtension: [] }), ['Consent.modifierExtension'])
  const who = actor({ reference: 'Practitioner/dr' })
  const nested = {
    type: 'permit',
    provision: [{ type: 'deny', actor: who, provision: [{ type: 'permit', actor: who }] }],
  }
  assert.deepEqual(refused(nested), [])
  const twice = { ...deny, actor: who, provision: [{ type: 'permit', provision: [{ type: 'deny', actor: who }] }] }
  assert.deepEqual(refused(twice), ['Consent.provision.provision[0].provision[0].actor'])
  const deep = [0, 1, 2, 3, 4].reduce<object>((inner, at) => {
    return { type: at % 2 === 0 ? 'permit' : 'deny', provision: [inner] }
  }, deny)
  assert.deepEqual(refused(deep), ['Consent.provision.provision[0].provision[0].provision[0].provision[0]'])
})

interface Provision {
  readonly type: 'deny' | 'permit'
  readonly class?: readonly { readonly code: string }[]
  readonly purpose?: readonly { readonly code: string }[]
  readonly provision: readonly Provision[]
}
interface Asked {
  readonly type: string
  readonly purpose: string
}

const purposes = ['TREAT', 'BTG', 'HRESCH']
const types = ['Observation', 'Condition', 'Procedure']
const purposeCode = (code: string) => ({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code })

function provisions(isDeny: boolean, depth: number): fc.Arbitrary<Provision> {
  const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 })
  return fc
    .record(
      {
        class: some(types).map((chosen) => ofTypes(...chosen)),
        purpose: some(purposes).map((chosen) => chosen.map(purposeCode)),
        provision: depth === 0 ? fc.constant([]) : fc.array(provisions(!isDeny, depth - 1), { maxLength: 3 }),
      },
      { requiredKeys: ['provision'] },
    )
    .map((read) => ({ type: isDeny ? 'deny' : 'permit', ...read }))
}

/** The provisions as FHIR tells them: the innermost that applies decides, and of several beside each other the denial. */
function decisionOf(provision: Provision, asked: Asked): Provision['type'] | undefined {
  const names = (list: readonly { readonly code: string }[] | undefined, code: string) =>
    list === undefined || list.some((one) => one.code === code)
  if (!names(provision.class, asked.type) || !names(provision.purpose, asked.purpose)) return undefined
  const within = provision.provision.map((one) => decisionOf(one, asked)).filter((one) => one !== undefined)
  if (within.length === 0) return provision.type
  return within.includes('deny') ? 'deny' : 'permit'
}

const meets = (condition: Condition, asked: Asked): boolean =>
  (condition.types?.includes(asked.type) ?? true) && (condition.purposes?.includes(asked.purpose) ?? true)

test('flat conditions decide as the nested provisions do', () => {
  fc.assert(
    fc.property(
      fc.boolean().chain((isDeny) => provisions(isDeny, 3)),
      (root) => {
        const { restrictions, unenforceable } = compileConsent(consent(root))
        assert.deepEqual(unenforceable, [])
        for (const type of types) {
          for (const purpose of purposes) {
            const asked = { type, purpose }
            const isWithheld = restrictions.some(
              ({ exceptions, ...condition }) => meets(condition, asked) && !exceptions.some((one) => meets(one, asked)),
            )
            assert.equal(isWithheld, decisionOf(root, asked) === 'deny')
          }
        }
      },
    ),
    { numRuns: 300 },
  )
})
