// _include and _revinclude, also iterated and with wildcards (http://hl7.org/fhir/R4/search.html#include).
import assert from 'node:assert/strict'
import { ofWorld } from '../fixtures/resources.ts'
import { checkRefusals } from '../fixtures/search-table.ts'
import { world } from '../fixtures/world.ts'
import { partOf } from '../suite/answer.ts'
import { search } from '../suite/bundle.ts'
import { chapter } from '../suite/check.ts'
import type { Client } from '../suite/client.ts'

/** Names of matches and of what came along. */
async function withIncludes(client: Client, query: string) {
  const { fill, names } = await world(client)
  const found = await search(client, `${fill(query)}&${ofWorld(client)}&_count=100`)
  const bare = found.included.map((one) => one.slice(one.indexOf('/') + 1))
  return { matches: names(found.ids).toSorted(), included: names(bare).toSorted(), found }
}

type Row = readonly [rule: string, query: string, matches: string, included: string]
const pulse = 'Observation?_id={pulse1}'
const rows: readonly Row[] = [
  [
    '_include brings what is referred to (search.html#include)',
    `${pulse}&_include=Observation:subject`,
    'pulse1',
    'adam',
  ],
  [
    '_include of several parameters (search.html#include)',
    `${pulse}&_include=Observation:subject&_include=Observation:performer`,
    'pulse1',
    'adam doctor',
  ],
  [
    '_include with the type of the target (search.html#include)',
    `${pulse}&_include=Observation:subject:Patient`,
    'pulse1',
    'adam',
  ],
  [
    '_include with another type of target brings nothing (search.html#include)',
    `${pulse}&_include=Observation:subject:Group`,
    'pulse1',
    '',
  ],
  ['_include=* brings all (search.html#include)', `${pulse}&_include=*`, 'pulse1', 'adam doctor visit'],
  [
    '_include=Type:* brings all of the type (search.html#include)',
    `${pulse}&_include=Observation:*`,
    'pulse1',
    'adam doctor visit',
  ],
  [
    'without :iterate it is one step (search.html#include)',
    `${pulse}&_include=Observation:subject&_include=Patient:organization`,
    'pulse1',
    'adam',
  ],
  [
    '_include:iterate goes on from what came along (search.html#include)',
    `${pulse}&_include=Observation:subject&_include:iterate=Patient:organization`,
    'pulse1',
    'adam clinic',
  ],
  [
    '_include:iterate follows the same parameter to its end (search.html#include)',
    `${pulse}&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof`,
    'pulse1',
    'adam clinic hospital trust',
  ],
  [
    '_include:iterate from the matches too (search.html#include)',
    'Organization?_id={clinic}&_include:iterate=Organization:partof',
    'clinic',
    'hospital trust',
  ],
  [
    '_include of what has no such reference brings nothing (search.html#include)',
    'Observation?_id={pulse2}&_include=Observation:performer',
    'pulse2',
    '',
  ],
  [
    'what came along comes once (search.html#include)',
    'Observation?subject={adam}&_include=Observation:subject',
    'pressure pulse1 pulse2 smoking',
    'adam',
  ],
  [
    'a match does not come along again (search.html#include)',
    'Organization?_id={clinic},{hospital}&_include=Organization:partof',
    'clinic hospital',
    'trust',
  ],
  ['an include of another type is no error (search.html#include)', `${pulse}&_include=Encounter:subject`, 'pulse1', ''],
  [
    '_include of a canonical is no error (search.html#include)',
    'QuestionnaireResponse?_id={answers}&_include=QuestionnaireResponse:subject',
    'answers',
    '',
  ],
  [
    '_revinclude brings what refers to a match (search.html#revinclude)',
    'Patient?_id={carl}&_revinclude=Observation:subject',
    'carl',
    'note',
  ],
  [
    '_revinclude of several types (search.html#revinclude)',
    'Patient?_id={adam}&_revinclude=Condition:subject&_revinclude=MedicationRequest:subject',
    'adam',
    'diabetes order',
  ],
  [
    '_revinclude with the type of the target (search.html#revinclude)',
    'Patient?_id={carl}&_revinclude=Observation:subject:Patient',
    'carl',
    'note',
  ],
  ['_revinclude of any target (search.html#revinclude)', `${pulse}&_revinclude=Provenance:target`, 'pulse1', 'signed'],
  [
    '_revinclude:iterate goes on (search.html#revinclude)',
    'Patient?_id={adam}&_revinclude=DiagnosticReport:subject&_revinclude:iterate=Provenance:target',
    'adam',
    'report',
  ],
  [
    '_revinclude and _include together (search.html#include)',
    'Encounter?_id={visit}&_include=Encounter:subject&_revinclude=Observation:encounter',
    'visit',
    'adam pulse1',
  ],
  [
    '_include:iterate from what _revinclude brought (search.html#include)',
    'Encounter?_id={visit}&_revinclude=Observation:encounter&_include:iterate=Observation:performer',
    'visit',
    'doctor pulse1',
  ],
  [
    '_revinclude=Type:* brings all references (search.html#revinclude)',
    'Location?_id={ward}&_revinclude=Encounter:*',
    'ward',
    'visit',
  ],
]

/** The chapter. */
export const searchIncludes = chapter('search-include', (check) => {
  for (const [rule, query, matches, included] of rows) {
    check(rule, async (client) => {
      const found = await withIncludes(client, query)
      assert.deepEqual([found.matches.join(' '), found.included.join(' ')], [matches, included])
    })
  }
  check('entries say match or include (search.html#2.1.1.7)', async (client) => {
    const { found } = await withIncludes(client, `${pulse}&_include=Observation:subject`)
    assert.deepEqual(
      found.entries.map((entry) => partOf(entry, 'search.mode')),
      ['match', 'include'],
    )
  })
  check('what came along does not count in total (search.html#total)', async (client) => {
    const { found } = await withIncludes(client, `${pulse}&_include=*&_total=accurate`)
    assert.equal(found.total, 1)
  })
  check('each entry has a full URL (bundle.html)', async (client) => {
    const { found } = await withIncludes(client, `${pulse}&_include=*`)
    for (const entry of found.entries) {
      const place = `/${partOf(entry, 'resource.resourceType')}/${partOf(entry, 'resource.id')}`
      assert.ok(String(partOf(entry, 'fullUrl')).endsWith(place))
    }
  })
  checkRefusals(check, [
    ['_include of a type that does not exist is refused (search.html#include)', 'Observation?_include=Dragon:subject'],
    [
      '_include of a parameter that does not exist is refused (search.html#include)',
      'Observation?_include=Observation:dragon',
    ],
    ['_include of what is no reference is refused (search.html#include)', 'Observation?_include=Observation:code'],
    ['_include without a parameter is refused (search.html#include)', 'Observation?_include=Observation'],
    [
      '_include with a target that cannot be is refused (search.html#include)',
      'Observation?_include=Observation:encounter:Patient',
    ],
    [
      '_revinclude of a parameter that does not exist is refused (search.html#revinclude)',
      'Patient?_revinclude=Observation:dragon',
    ],
  ])
})
