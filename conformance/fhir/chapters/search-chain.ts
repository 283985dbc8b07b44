// Chains and reverse chains (http://hl7.org/fhir/R4/search.html#chaining, #has).
import { checkRefusals, checkSearches } from '../fixtures/search-table.ts'
import { chapter } from '../suite/check.ts'

const ofAdam = 'pulse1 pulse2 pressure smoking'

/** The chapter. */
export const searchChains = chapter('search-chain', (check) => {
  checkSearches(check, [
    ['a chain by a string of the target (search.html#chaining)', 'Observation?patient.family=Zhang{mark}', ofAdam],
    ['a chain with the type named (search.html#chaining)', 'Observation?subject:Patient.family=Zhang{mark}', ofAdam],
    [
      'a chain without the type looks at each that has the parameter (search.html#chaining)',
      'Observation?subject.identifier={sys}%7CA-1',
      ofAdam,
    ],
    ['a chain by a token (search.html#chaining)', 'Observation?patient.gender=other', 'note'],
    ['a chain by a date with a prefix (search.html#chaining)', 'Observation?patient.birthdate=gt1985', 'note'],
    ['a chain by _id (search.html#chaining)', 'Observation?patient._id={carl}', 'note'],
    ['a chain by a quantity (search.html#chaining)', 'DiagnosticReport?result.value-quantity=72', 'report'],
    ['a chain of two steps (search.html#chaining)', 'Observation?patient.organization.name=Clinic{mark}', ofAdam],
    [
      'a chain of three steps (search.html#chaining)',
      'Observation?patient.organization.partof.name=Hospital{mark}',
      ofAdam,
    ],
    [
      'a chain with types at each step (search.html#chaining)',
      'Observation?subject:Patient.organization:Organization.name=Clinic{mark}',
      ofAdam,
    ],
    [
      'a chain with a modifier at its end (search.html#chaining)',
      'Observation?patient.family:contains=hang{mark}',
      ofAdam,
    ],
    ['a chain with :exact at its end (search.html#chaining)', 'Observation?patient.given:exact=wei', ''],
    ['a chain with :missing at its end (search.html#chaining)', 'Observation?patient.birthdate:missing=true', ''],
    [
      'a chain with :not at its end looks at the target (search.html#chaining)',
      'Observation?patient.gender:not=male',
      'pulse3 weight bmi note',
    ],
    ['a chain with alternatives (search.html#chaining)', 'Observation?patient.gender=other,unknown', 'note'],
    [
      'a chain beside another criterion (search.html#combining)',
      'Observation?patient.gender=female&code=8867-4',
      'pulse3',
    ],
    ['two chains (search.html#combining)', 'Observation?patient.gender=male&encounter.class=AMB', 'pulse1'],
    ['a chain that finds nothing (search.html#chaining)', 'Observation?patient.family=Nobody{mark}', ''],
    [
      'a chain over a reference of any type (search.html#chaining)',
      'Provenance?target:Observation.code=8867-4',
      'signed',
    ],
    ['a chain to a Medication (search.html#chaining)', 'MedicationRequest?medication.code=6809', 'order'],

    ['_has finds what is referred to (search.html#has)', 'Patient?_has:Observation:patient:code=29463-7', 'beth'],
    ['_has by a token of two (search.html#has)', 'Patient?_has:Observation:patient:code=8867-4', 'adam beth'],
    ['_has by a date (search.html#has)', 'Patient?_has:Observation:patient:date=lt2020', 'carl'],
    ['_has by a quantity (search.html#has)', 'Patient?_has:Observation:patient:value-quantity=gt90', 'adam'],
    [
      '_has by a composite (search.html#has)',
      'Patient?_has:Observation:patient:code-value-quantity=8867-4$lt70',
      'beth',
    ],
    ['_has with a modifier (search.html#has)', 'Patient?_has:Condition:patient:code:text=asthma', 'beth'],
    [
      '_has twice takes both (search.html#has)',
      'Patient?_has:Observation:patient:code=8867-4&_has:Condition:patient:code=44054006',
      'adam',
    ],
    [
      '_has in _has (search.html#has)',
      'Patient?_has:Observation:patient:_has:Provenance:target:agent={doctor}',
      'adam',
    ],
    [
      '_has with a chain in it (search.html#has)',
      'Organization?_has:Patient:organization:general-practitioner.family=Chen{mark}',
      'clinic',
    ],
    [
      'a chain with _has in it (search.html#has)',
      'Observation?patient._has:Condition:patient:code=195967001',
      'pulse3 weight bmi',
    ],
    [
      '_has of another type (search.html#has)',
      'Practitioner?_has:PractitionerRole:practitioner:organization={clinic}',
      'doctor',
    ],
    ['_has that finds nothing (search.html#has)', 'Patient?_has:Observation:patient:code=none', ''],
  ])
  checkRefusals(check, [
    ['a chain over what is no reference is refused (search.html#chaining)', 'Patient?name.family=x'],
    [
      'a chain to a parameter that does not exist is refused (search.html#chaining)',
      'Observation?patient.shoe-size=42',
    ],
    ['a chain with a type that cannot be is refused (search.html#chaining)', 'Observation?subject:Medication.code=1'],
    ['a chain that ends in a point is refused (search.html#chaining)', 'Observation?patient.=x'],
    ['_has with parts missing is refused (search.html#has)', 'Patient?_has:Observation:patient=x'],
    ['_has of a type that does not exist is refused (search.html#has)', 'Patient?_has:Dragon:patient:code=x'],
    ['_has by what is no reference is refused (search.html#has)', 'Patient?_has:Observation:code:code=x'],
    ['_has by a reference to other types is refused (search.html#has)', 'Patient?_has:Observation:encounter:code=x'],
  ])
})
