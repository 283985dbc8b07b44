// The worklist's search, and DICOM names and dates as people read them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayText, isWorklistNarrowed, personText, worklistPath } from './worklist-search.ts'

test('makes the search of the filters and leaves out what is none', () => {
  assert.equal(worklistPath({}, 0), '/api/v1/imaging/studies?limit=100')
  assert.equal(
    worklistPath({ text: ' zhang ', modality: 'CT', state: 'unassigned', from: '2026-01-05', to: 'soon' }, 100),
    '/api/v1/imaging/studies?text=zhang&modality=CT&state=unassigned&from=20260105&limit=100&offset=100',
  )
  assert.equal(worklistPath({ modality: 'X"', state: 'lost' }, 0), '/api/v1/imaging/studies?limit=100')
  assert.equal(isWorklistNarrowed({ text: '' }), false)
  assert.equal(isWorklistNarrowed({ state: 'linked' }), true)
})

test('reads names and dates', () => {
  assert.equal(personText('Zhang^San=张^三'), '张三')
  assert.equal(personText('Smith^Anna^M'), 'Anna M Smith')
  assert.equal(personText(''), undefined)
  assert.equal(dayText('20260105', '080501.2'), '2026-01-05 08:05')
  assert.equal(dayText('20260105'), '2026-01-05')
  assert.equal(dayText(''), undefined)
})
