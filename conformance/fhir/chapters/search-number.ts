// Number, quantity, uri and composite parameters (http://hl7.org/fhir/R4/search.html#number, #quantity, #uri, #composite).
import { checkRefusals, checkSearches } from '../fixtures/search-table.ts'
import { chapter } from '../suite/check.ts'

const colours = 'http://example.org/{mark}/ValueSet/colours'
const rate = 'http://loinc.org%7C8867-4'
const perMinute = 'http://unitsofmeasure.org%7C/min'

/** The chapter. */
export const searchNumbers = chapter('search-number', (check) => {
  checkSearches(check, [
    ['a number (search.html#number)', 'RiskAssessment?probability=0.25', 'risk'],
    ['a number holds what its digits imply (search.html#number)', 'RiskAssessment?probability=0.3', 'risk'],
    ['and no more: the upper end is outside (search.html#number)', 'RiskAssessment?probability=0.2', ''],
    ['gt (search.html#prefix)', 'RiskAssessment?probability=gt0.5', 'danger'],
    ['lt (search.html#prefix)', 'RiskAssessment?probability=lt0.5', 'risk'],
    ['ge of the value itself (search.html#prefix)', 'RiskAssessment?probability=ge0.8', 'danger'],
    ['le of the value itself (search.html#prefix)', 'RiskAssessment?probability=le0.25', 'risk'],
    ['ne (search.html#prefix)', 'RiskAssessment?probability=ne0.25', 'danger'],
    ['alternatives (search.html#combining)', 'RiskAssessment?probability=0.25,0.8', 'risk danger'],
    ['both ends (search.html#combining)', 'RiskAssessment?probability=gt0.1&probability=lt0.3', 'risk'],
    ['an exponent (search.html#number)', 'RiskAssessment?probability=lt1e-2', ''],
    ['a number below zero (search.html#number)', 'RiskAssessment?probability=gt-1', 'risk danger'],

    ['a quantity without a unit (search.html#quantity)', 'Observation?value-quantity=72', 'pulse1'],
    ['a quantity holds what its digits imply (search.html#quantity)', 'Observation?value-quantity=60', ''],
    ['60.5 is 60.5 (search.html#quantity)', 'Observation?value-quantity=60.5', 'pulse3'],
    ['with system and code (search.html#quantity)', `Observation?value-quantity=72%7C${perMinute}`, 'pulse1'],
    ['with a code in any system (search.html#quantity)', 'Observation?value-quantity=70%7C%7Ckg', 'weight'],
    ['another unit does not match (search.html#quantity)', 'Observation?value-quantity=72%7C%7Ckg', ''],
    [
      'another system does not match (search.html#quantity)',
      'Observation?value-quantity=72%7Chttp://elsewhere%7C/min',
      '',
    ],
    ['gt with a unit (search.html#quantity)', `Observation?value-quantity=gt70%7C${perMinute}`, 'pulse1 pulse2'],
    ['lt without a unit (search.html#quantity)', 'Observation?value-quantity=lt61', 'pulse3 bmi'],
    ['ap is within a tenth (search.html#prefix)', `Observation?value-quantity=ap75%7C${perMinute}`, 'pulse1'],
    [
      'component-value-quantity looks into components (observation.html#search)',
      'Observation?component-value-quantity=140',
      'pressure',
    ],
    [
      'combo-value-quantity looks into both (observation.html#search)',
      'Observation?combo-value-quantity=ge95',
      'pulse2 pressure',
    ],

    ['a uri is matched whole (search.html#uri)', `ValueSet?url=${colours}`, 'colours'],
    ['a part of a uri is not the uri (search.html#uri)', 'ValueSet?url=http://example.org/{mark}/ValueSet', ''],
    ['case counts in a uri (search.html#uri)', 'ValueSet?url=HTTP://example.org/{mark}/ValueSet/colours', ''],
    [':below holds the uri and what lies below (search.html#uri)', `ValueSet?url:below=${colours}`, 'colours shades'],
    [':below of a folder (search.html#uri)', 'ValueSet?url:below=http://example.org/{mark}', 'colours shades'],
    [
      ':above holds the uri and what lies above (search.html#uri)',
      `ValueSet?url:above=${colours}/shades`,
      'colours shades',
    ],

    [
      'a composite of code and quantity (search.html#composite)',
      `Observation?code-value-quantity=${rate}$gt70`,
      'pulse1 pulse2',
    ],
    ['both parts must hold of it (search.html#composite)', `Observation?code-value-quantity=${rate}$70`, ''],
    [
      'a composite with a unit (search.html#composite)',
      `Observation?code-value-quantity=${rate}$95%7C${perMinute}`,
      'pulse2',
    ],
    [
      'a composite by code without system (search.html#composite)',
      'Observation?code-value-quantity=8867-4$lt70',
      'pulse3',
    ],
    [
      'parts of components must be of the same one (search.html#composite)',
      'Observation?component-code-value-quantity=8480-6$140',
      'pressure',
    ],
    [
      'parts of different components do not match (search.html#composite)',
      'Observation?component-code-value-quantity=8480-6$90',
      '',
    ],
    ['combo looks into both (search.html#composite)', 'Observation?combo-code-value-quantity=8462-4$lt100', 'pressure'],
    ['a composite of two tokens (search.html#composite)', 'Observation?code-value-concept=72166-2$8517006', 'smoking'],
    [
      'a composite of token and reference (search.html#composite)',
      'DocumentReference?relationship=replaces$DocumentReference/{letter}',
      'reply',
    ],
    [
      'another token does not match (search.html#composite)',
      'DocumentReference?relationship=signs$DocumentReference/{letter}',
      '',
    ],
    [
      'alternatives of composites (search.html#combining)',
      'Observation?code-value-quantity=8867-4$72,29463-7$70',
      'pulse1 weight',
    ],
  ])
  checkRefusals(check, [
    ['words are no number (search.html#number)', 'RiskAssessment?probability=high'],
    ['a number with two points is refused (search.html#number)', 'RiskAssessment?probability=1.2.3'],
    ['a quantity with one bar is refused (search.html#quantity)', 'Observation?value-quantity=5%7Cmg'],
    ['a quantity of words is refused (search.html#quantity)', 'Observation?value-quantity=much'],
    ['a composite with one part is refused (search.html#composite)', 'Observation?code-value-quantity=8867-4'],
    ['a composite with three parts is refused (search.html#composite)', 'Observation?code-value-quantity=8867-4$70$1'],
    ['a modifier on a number is refused (search.html#modifiers)', 'RiskAssessment?probability:not=1'],
    ['a modifier on a quantity is refused (search.html#modifiers)', 'Observation?value-quantity:exact=1'],
  ])
})
