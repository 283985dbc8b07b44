// String parameters: start, exact, contains; and what of every parameter can be missing (http://hl7.org/fhir/R4/search.html#string).
import { checkRefusals, checkSearches } from '../fixtures/search-table.ts'
import { chapter } from '../suite/check.ts'

/** The chapter. */
export const searchStrings = chapter('search-string', (check) => {
  checkSearches(check, [
    ['a string matches the start of a value (search.html#string)', 'Patient?family=Zhang{mark}', 'adam'],
    ['the start alone is enough (search.html#string)', 'Patient?family=Zhan', 'adam'],
    ['case does not count (search.html#string)', 'Patient?family=zHANG', 'adam'],
    ['accents do not count in the resource (search.html#string)', 'Patient?family=muller', 'beth'],
    ['accents do not count in the search (search.html#string)', 'Patient?family=M%C3%9Cller', 'beth'],
    ['decomposed accents are the same (search.html#string)', 'Patient?given=A%CC%88nne', 'beth'],
    ['the middle of a value is not its start (search.html#string)', 'Patient?family=hang', ''],
    ['every repetition counts (search.html#string)', 'Patient?given=ming', 'adam'],
    ['an apostrophe and a hyphen are plain characters (search.html#string)', "Patient?family=O'Neil-{mark}", 'carl'],
    ['name looks into family, given, prefix and text (patient.html#search)', 'Patient?name=Dr', 'adam'],
    ['name finds the family (patient.html#search)', 'Patient?name=Zhang{mark}', 'adam'],
    ['name finds the text (patient.html#search)', "Patient?name=carl%20O'Neil", 'carl'],
    ['address looks into city, line and postal code (patient.html#search)', 'Patient?address=hangzhou', 'adam'],
    ['address finds a line (patient.html#search)', 'Patient?address=1%20west', 'adam'],
    ['address-city looks into the city alone (patient.html#search)', 'Patient?address-city=K%C3%B6ln', 'beth'],
    [
      'address-postalcode looks into the postal code alone (patient.html#search)',
      'Patient?address-postalcode=3100',
      'adam',
    ],
    ['several values are alternatives (search.html#combining)', 'Patient?family=zhang,m%C3%BCller', 'adam beth'],
    ['a parameter twice means both (search.html#combining)', 'Patient?given=wei&given=ming', 'adam'],
    ['both must hold of the resource (search.html#combining)', 'Patient?given=wei&given=%C3%A4nne', ''],
    [':exact takes the whole value with its case (search.html#string)', 'Patient?given:exact=Wei', 'adam'],
    [':exact is not the start (search.html#string)', 'Patient?given:exact=We', ''],
    [':exact counts case (search.html#string)', 'Patient?given:exact=wei', ''],
    [':exact counts accents (search.html#string)', 'Patient?given:exact=%C3%84nne', 'beth'],
    [':exact with a plain letter misses the accent (search.html#string)', 'Patient?given:exact=Anne', ''],
    [':contains finds the middle (search.html#string)', 'Patient?family:contains=hang{mark}', 'adam'],
    [':contains ignores case and accents (search.html#string)', 'Patient?family:contains=ULLER', 'beth'],
    [':contains takes per cent and underscore as they are (search.html#string)', 'Patient?family:contains=%25', ''],
    [':contains takes an underscore as it is (search.html#string)', 'Patient?family:contains=_', ''],
    [':missing=true finds what has no value (search.html#modifiers)', 'Patient?name:missing=true', 'dora'],
    [':missing=false finds what has one (search.html#modifiers)', 'Patient?name:missing=false', 'adam beth carl'],
    [':missing works on tokens (search.html#modifiers)', 'Patient?gender:missing=true', 'dora'],
    [':missing works on dates (search.html#modifiers)', 'Patient?birthdate:missing=true', 'dora'],
    [':missing works on references (search.html#modifiers)', 'Patient?general-practitioner:missing=false', 'adam'],
    [
      ':missing works on quantities (search.html#modifiers)',
      'Observation?value-quantity:missing=true',
      'pressure note smoking',
    ],
    [':missing works on numbers (search.html#modifiers)', 'RiskAssessment?probability:missing=true', ''],
    ['a comma that is escaped is a part of the value (search.html#escaping)', 'Organization?name=Clinic{mark}\\,x', ''],
  ])
  checkRefusals(check, [
    [':missing takes true or false alone (search.html#modifiers)', 'Patient?name:missing=maybe'],
    ['a modifier that strings do not have is refused (search.html#modifiers)', 'Patient?family:below=x'],
    ['a modifier that does not exist is refused (search.html#modifiers)', 'Patient?family:like=x'],
  ])
})
