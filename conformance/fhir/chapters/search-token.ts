// Token parameters: system and code, :not, :text, :of-type (http://hl7.org/fhir/R4/search.html#token).
import { checkRefusals, checkSearches } from '../fixtures/search-table.ts'
import { chapter } from '../suite/check.ts'

const v2 = 'http://terminology.hl7.org/CodeSystem/v2-0203'

/** The chapter. */
export const searchTokens = chapter('search-token', (check) => {
  checkSearches(check, [
    ['code alone matches in any system (search.html#token)', 'Patient?identifier=A-1', 'adam'],
    ['system|code matches both (search.html#token)', 'Patient?identifier={sys}%7CA-1', 'adam'],
    [
      'system|code of another system does not match (search.html#token)',
      'Patient?identifier=http://elsewhere%7CA-1',
      '',
    ],
    ['system| matches any code of the system (search.html#token)', 'Patient?identifier={sys}%7C', 'adam beth dora'],
    ['|code matches codes without a system (search.html#token)', 'Patient?identifier=%7C{mark}-no-system', 'carl'],
    ['|code does not match a code with a system (search.html#token)', 'Patient?identifier=%7CA-1', ''],
    ['every repetition counts (search.html#token)', 'Patient?identifier={sys}/national%7CN-1', 'adam'],
    [
      'several values are alternatives (search.html#combining)',
      'Patient?identifier={sys}%7CA-1,{sys}%7CB-2',
      'adam beth',
    ],
    ['the start of a code is not the code (search.html#token)', 'Patient?identifier=A-', ''],
    [
      'comma, dollar, bar and backslash can be escaped (search.html#escaping)',
      'Patient?identifier=D%5C,4%5C$%5C%7C%5C%5C',
      'dora',
    ],
    ['code of a CodeableConcept (search.html#token)', 'Observation?code=8867-4', 'pulse1 pulse2 pulse3'],
    ['system|code of a CodeableConcept (search.html#token)', 'Observation?code=http://loinc.org%7C29463-7', 'weight'],
    ['system| of a CodeableConcept (search.html#token)', 'Condition?code=http://snomed.info/sct%7C', 'diabetes asthma'],
    ['class of an Encounter, a Coding (search.html#token)', 'Encounter?class=IMP', 'stay'],
    ['a code with a required binding (search.html#token)', 'Patient?gender=female', 'beth'],
    [
      'a code by the system of its required binding (search.html#token)',
      'Patient?gender=http://hl7.org/fhir/administrative-gender%7Cmale',
      'adam',
    ],
    ['a boolean (search.html#token)', 'Patient?active=true', 'adam'],
    ['a boolean that is false (search.html#token)', 'Patient?active=false', 'beth'],
    ['a ContactPoint by its value (search.html#token)', 'Patient?email=adam@{mark}.example', 'adam'],
    ['phone is a telecom of the system phone (patient.html#search)', 'Patient?phone=%2B86%20571%201001', 'adam'],
    ['telecom is any (patient.html#search)', 'Patient?telecom=adam@{mark}.example', 'adam'],
    ['email does not find a phone (patient.html#search)', 'Patient?email=%2B86%20571%201001', ''],
    ['deceased is true for a date too (patient.html#search)', 'Patient?deceased=true', 'carl'],
    ['deceased is false where nothing says so (patient.html#search)', 'Patient?deceased=false', 'adam beth dora'],
    ['language of communication (patient.html#search)', 'Patient?language=zh-CN', 'adam'],
    ['component-code looks into components (observation.html#search)', 'Observation?component-code=8480-6', 'pressure'],
    [
      'combo-code looks into both (observation.html#search)',
      'Observation?combo-code=8480-6,29463-7',
      'pressure weight',
    ],
    ['value-concept (observation.html#search)', 'Observation?value-concept=8517006', 'smoking'],
    ['status (observation.html#search)', 'Observation?status=preliminary,amended', 'weight note'],
    [
      ':not leaves out what has the code (search.html#token)',
      'Observation?code:not=8867-4',
      'pressure weight bmi note smoking',
    ],
    [':not keeps what has no value (search.html#token)', 'Patient?gender:not=male', 'beth carl dora'],
    [':not of alternatives leaves out all of them (search.html#token)', 'Patient?gender:not=male,female', 'carl dora'],
    [':not with system|code (search.html#token)', 'Condition?code:not=http://snomed.info/sct%7C195967001', 'diabetes'],
    [':text looks into display and text (search.html#token)', 'Observation?code:text=heart', 'pulse1 pulse2 pulse3'],
    [':text finds a concept without a coding (search.html#token)', 'Observation?code:text=tired', 'note'],
    [':text ignores case (search.html#token)', 'Condition?code:text=DIABETES', 'diabetes'],
    [
      ':of-type matches type and value of an identifier (search.html#token)',
      `Patient?identifier:of-type=${v2}%7CMR%7CA-1`,
      'adam',
    ],
    [':of-type of another type does not match (search.html#token)', `Patient?identifier:of-type=${v2}%7CDL%7CA-1`, ''],
    [
      ':of-type needs the value of that identifier (search.html#token)',
      `Patient?identifier:of-type=${v2}%7CMR%7CN-1`,
      '',
    ],
    ['_id finds one (search.html#id)', 'Patient?_id={adam}', 'adam'],
    ['_id takes alternatives (search.html#id)', 'Patient?_id={adam},{beth}', 'adam beth'],
    ['_id of another type finds nothing (search.html#id)', 'Patient?_id={clinic}', ''],
    [
      '_id with another condition takes both (search.html#combining)',
      'Patient?_id={adam},{beth}&gender=female',
      'beth',
    ],
    [
      '_tag matches the tags of meta (search.html#tag)',
      'Organization?_tag=http://example.org/fhir-suite%7C{mark}-world',
      'trust hospital clinic',
    ],
    ['an unknown code finds nothing and is no error (search.html#token)', 'Patient?gender=unheard-of', ''],
  ])
  checkRefusals(check, [
    [':exact is no modifier of tokens (search.html#modifiers)', 'Patient?gender:exact=male'],
    [':of-type with a part missing is refused (search.html#token)', `Patient?identifier:of-type=${v2}%7CMR`],
    ['an empty value is refused (search.html)', 'Patient?identifier='],
    ['a bar alone is refused (search.html#token)', 'Patient?identifier=%7C'],
    ['_id takes no modifier (search.html#id)', 'Patient?_id:exact=1'],
  ])
})
