// Date parameters: precision, zones and prefixes (http://hl7.org/fhir/R4/search.html#date, #prefix).
import assert from 'node:assert/strict'
import { checkRefusals, checkSearches, namesFound } from '../fixtures/search-table.ts'
import { chapter } from '../suite/check.ts'

/** The chapter. */
export const searchDates = chapter('search-date', (check) => {
  checkSearches(check, [
    ['a day holds the instants of the day (search.html#date)', 'Observation?code=8867-4&date=2020-01-10', 'pulse1'],
    ['a year holds days, periods and instants (search.html#date)', 'Observation?date=2020', 'pulse1 pulse2 pressure'],
    ['a month holds a month (search.html#date)', 'Observation?date=2021-06', 'pulse3 weight bmi'],
    ['a day does not hold a whole month (search.html#date)', 'Observation?code=8867-4&date=2021-06-01', ''],
    ['a second holds its instant (search.html#date)', 'Observation?date=2020-01-10T09:00:00Z', 'pulse1'],
    ['another second does not (search.html#date)', 'Observation?date=2020-01-10T09:00:01Z', ''],
    ['zones are the same moment (search.html#date)', 'Observation?date=2021-06-02T02:30:00Z', 'weight'],
    ['a zone with a plus sign (search.html#date)', 'Observation?date=2021-06-02T10:30:00%2B08:00', 'weight'],
    ['minutes hold their seconds (search.html#date)', 'Observation?date=2021-06-02T02:30Z', 'weight'],
    ['alternatives (search.html#combining)', 'Observation?date=2019,2020-06-15', 'note pulse2'],
    ['twice makes a range (search.html#date)', 'Observation?code=8867-4&date=ge2020-01-01&date=lt2020-02-01', 'pulse1'],
    ['eq is the same as nothing (search.html#prefix)', 'Observation?date=eq2020-06-15', 'pulse2'],
    [
      'ne is all others that have a date (search.html#prefix)',
      'Observation?code=8867-4&date=ne2020-06-15',
      'pulse1 pulse3',
    ],
    ['gt is what reaches beyond (search.html#prefix)', 'Observation?date=gt2021-06-02', 'pulse3'],
    ['gt of a day before (search.html#prefix)', 'Observation?date=gt2021-05-31', 'pulse3 weight bmi'],
    ['lt is what begins before (search.html#prefix)', 'Observation?date=lt2020-01-10', 'note'],
    ['ge holds the day itself (search.html#prefix)', 'Observation?code=8867-4&date=ge2020-06-15', 'pulse2 pulse3'],
    ['le holds the day itself (search.html#prefix)', 'Observation?code=8867-4&date=le2020-06-15', 'pulse1 pulse2'],
    ['sa is what starts after (search.html#prefix)', 'Observation?date=sa2020-06-15', 'pulse3 weight bmi'],
    ['sa is not what only reaches beyond (search.html#prefix)', 'Observation?date=sa2021-06-01&code=8867-4', ''],
    ['eb is what ends before (search.html#prefix)', 'Observation?date=eb2020-01-10', 'note'],
    [
      'eb holds a period that ends before (search.html#prefix)',
      'Observation?date=eb2020-01-12&code=85354-9',
      'pressure',
    ],
    ['a period without an end reaches into the future (search.html#date)', 'Encounter?date=gt2100', 'stay'],
    ['a period without an end does not end before (search.html#date)', 'Encounter?date=eb2100', 'visit'],
    ['a period is held by the month that it lies in (search.html#date)', 'Encounter?date=2020-01', 'visit'],
    ['a period is not held by one of its days (search.html#date)', 'Encounter?date=2020-01-11', ''],
    ['a period starts after (search.html#prefix)', 'Encounter?date=sa2020-12-31', 'stay'],
    ['birthdate of a day (patient.html#search)', 'Patient?birthdate=1970-05-17', 'adam'],
    ['birthdate of a month in a year (patient.html#search)', 'Patient?birthdate=1990', 'carl'],
    ['birthdate before (patient.html#search)', 'Patient?birthdate=lt1980-11-30', 'adam'],
    ['death-date (patient.html#search)', 'Patient?death-date=2020-01-01', 'carl'],
    ['authoredon (medicationrequest.html#search)', 'MedicationRequest?authoredon=2020-01-11', 'order'],
    ['onset-date (condition.html#search)', 'Condition?onset-date=le2015', 'diabetes'],
    [
      '_lastUpdated of today and later (search.html#lastUpdated)',
      'Patient?_lastUpdated=gt2020-01-01',
      'adam beth carl dora',
    ],
    ['_lastUpdated before (search.html#lastUpdated)', 'Patient?_lastUpdated=lt2020-01-01', ''],
    ['years at the ends of the calendar (datatypes.html#date)', 'Observation?date=gt9999-12-31', ''],
    ['the first year (datatypes.html#date)', 'Observation?date=lt0001-01-02', ''],
  ])
  check('ap is near: the day itself is in it (search.html#prefix)', async (client) => {
    assert.ok((await namesFound(client, 'Observation?date=ap2020-06-15')).includes('pulse2'))
  })
  check('ap does not hold what is far (search.html#prefix)', async (client) => {
    assert.ok(!(await namesFound(client, 'Observation?date=ap2021-06-15')).includes('note'))
  })
  checkRefusals(check, [
    ['a month above twelve is refused (datatypes.html#date)', 'Patient?birthdate=2020-13'],
    ['a day that the month does not have is refused (datatypes.html#date)', 'Patient?birthdate=2021-02-29'],
    ['an hour above 23 is refused (datatypes.html#dateTime)', 'Observation?date=2020-01-01T25:00:00Z'],
    ['digits that are missing are refused (datatypes.html#date)', 'Patient?birthdate=2020-1-1'],
    ['a prefix that does not exist is refused (search.html#prefix)', 'Patient?birthdate=xx2020'],
    ['a prefix without a date is refused (search.html#prefix)', 'Patient?birthdate=gt'],
    ['words are refused (search.html#date)', 'Patient?birthdate=yesterday'],
    [':exact is no modifier of dates (search.html#modifiers)', 'Patient?birthdate:exact=2020'],
  ])
})
